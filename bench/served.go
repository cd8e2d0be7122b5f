//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"time"

	"netramet/meter"
	"netramet/meter/control"
	"netramet/mib/agent"
	"netramet/mib/meterview"
	"netramet/ruleset/srl"
	"netramet/sources/sourcetest/traffic"
	"netramet/sources/wire"
)

const (
	ruleSet    = 2
	community  = "bench"
	user       = "bench"
	passphrase = "bench passphrase"
)

// rules make a flow of each conversation.
const rules = `
save SourcePeerType; save SourcePeerAddress; save DestPeerAddress;
save SourceTransType; save SourceTransAddress; save DestTransAddress;
count;`

// served is a meter full of flows that answers SNMP on loopback.
type served struct {
	meter  *control.Meter
	addr   netip.AddrPort
	cancel func()
	done   chan error

	frames []wire.Frame // some of the trace, for feeding on
	clock  int64        // Unix ns of the newest packet
}

// fedOn is how many frames are kept for feeding on, if the trace has as many.
const fedOn = 1 << 18

// serve makes a meter with so many flows.
func serve(flows int) (*served, error) {
	s := &served{meter: control.New(meter.Config{}, control.Config{}), done: make(chan error, 1)}
	rs, _, err := srl.Compile("bench.srl", []byte(rules), srl.Options{Optimise: -1})
	if err != nil {
		return nil, err
	}
	rs.Number = ruleSet
	err = s.meter.Change(func(c *control.Change) error { return c.Run(rs) })
	if err != nil {
		return nil, err
	}
	if err := s.fill(flows); err != nil {
		return nil, err
	}
	return s, s.listen()
}

// fill meters two packets of each flow, more or less.
func (s *served) fill(flows int) error {
	g, err := traffic.NewBench(traffic.Options{Duration: 10 * time.Second, Packets: 2 * flows, Flows: flows})
	if err != nil {
		return err
	}
	var p traffic.Packet
	for {
		err := g.Next(&p)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		s.meter.Feed(&wire.Batch{Frames: []wire.Frame{p.Frame}})
		s.clock = p.Frame.Time
		if len(s.frames) < fedOn {
			f := p.Frame
			f.Data = append([]byte(nil), f.Data...)
			s.frames = append(s.frames, f)
		}
	}
	var have int
	s.meter.View(func(st *control.State) { have = st.FlowsInUse() })
	if have != flows {
		return fmt.Errorf("the meter has %d flows, not %d", have, flows)
	}
	return nil
}

// listen opens the agent on a free port.
func (s *served) listen() error {
	view := meterview.New(s.meter, meterview.Config{Version: "bench"})
	a, err := agent.New(agent.Config{Do: view.Do, Yield: view.Yield, System: agent.System{UpTime: view.UpTime}})
	if err != nil {
		return err
	}
	if err := view.Register(a); err != nil {
		return err
	}
	users := fmt.Sprintf("community %s write\nuser %s auth SHA-256 %q priv AES-128 %q write\n", community, user, passphrase, passphrase)
	acc, err := agent.ParseUsers(strings.NewReader(users), "users")
	if err != nil {
		return err
	}
	if err := a.SetAccess(acc); err != nil {
		return err
	}
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return err
	}
	s.addr = conn.LocalAddr().(*net.UDPAddr).AddrPort()
	ctx, cancel := context.WithCancel(context.Background())
	s.cancel = cancel
	go func() { s.done <- a.Serve(ctx, conn) }()
	return nil
}

// close ends the agent and reports whether it worked to the end.
func (s *served) close() error {
	s.cancel()
	return <-s.done
}
