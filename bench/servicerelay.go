//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"sync"
	"time"

	"netramet/mib"
	"netramet/mib/client"
)

// late is how long an answer may take.
const late = 100 * time.Millisecond

// delays are how long answers took.
type delays struct {
	n, late int
	longest time.Duration
}

func (d *delays) add(t time.Duration) {
	d.n++
	d.longest = max(d.longest, t)
	if t > late {
		d.late++
	}
}

// relay passes datagrams between a manager and a meter, and notes how long each answer
// takes. Beside that it asks the meter for its uptime every few milliseconds, and has
// as much echoed by a process that does nothing else: what is late there is late because
// of the machine.
type relay struct {
	manager, meter, echo    *net.UDPConn
	client                  *client.Client
	mu                      sync.Mutex
	asked                   time.Time // the oldest request without an answer; zero: none
	from                    netip.AddrPort
	answers, probes, echoes delays
}

// probeEvery is how often the meter is asked.
const probeEvery = 10 * time.Millisecond

// beginRelay starts the process that echoes, and the relay.
func beginRelay(ctx context.Context) (*exec.Cmd, *relay, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, nil, err
	}
	echo := exec.Command(self, "echo")
	out, err := echo.StdoutPipe()
	if err != nil {
		return nil, nil, err
	}
	if err := echo.Start(); err != nil {
		return nil, nil, err
	}
	var echoAt string
	if _, err := fmt.Fscanln(out, &echoAt); err != nil {
		return echo, nil, err
	}
	r := &relay{}
	return echo, r, r.open(ctx, echoAt)
}

// open opens the sockets, on the thread of the namespace.
func (r *relay) open(ctx context.Context, echoAt string) (err error) {
	dial := func(to string) *net.UDPConn {
		addr, e := netip.ParseAddrPort(to)
		if e != nil {
			err = e
			return nil
		}
		c, e := net.DialUDP("udp4", nil, net.UDPAddrFromAddrPort(addr))
		err = errors.Join(err, e)
		return c
	}
	r.meter, r.echo = dial(meterAt), dial(echoAt)
	asks := dial(meterAt)
	if err != nil {
		return err
	}
	if r.manager, err = net.ListenUDP("udp4", net.UDPAddrFromAddrPort(netip.MustParseAddrPort(relayAt))); err != nil {
		return err
	}
	r.client, err = client.Dial(ctx, client.Options{Host: "127.0.0.1", Port: 1614, Security: client.Security{Community: community},
		Conn: asks, Timeout: lostAfter, Retries: -1})
	if err != nil {
		return err
	}
	go r.requests()
	go r.replies()
	go r.probe(ctx)
	return nil
}

// requests passes on what the manager asks.
func (r *relay) requests() {
	buf := make([]byte, maxDatagram)
	for {
		n, from, err := r.manager.ReadFromUDPAddrPort(buf)
		if err != nil {
			return
		}
		r.mu.Lock()
		if r.from = from; r.asked.IsZero() {
			r.asked = time.Now()
		}
		r.mu.Unlock()
		_, _ = r.meter.Write(buf[:n]) // what is refused has no answer
	}
}

// replies passes on what the meter answers.
func (r *relay) replies() {
	buf := make([]byte, maxDatagram)
	for {
		n, err := r.meter.Read(buf)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue // nobody listens yet
		}
		r.mu.Lock()
		if !r.asked.IsZero() {
			r.answers.add(time.Since(r.asked))
			r.asked = time.Time{}
		}
		to := r.from
		r.mu.Unlock()
		_, _ = r.manager.WriteToUDPAddrPort(buf[:n], to)
	}
}

// probe asks for the uptime, and has as much echoed, until ctx is done.
func (r *relay) probe(ctx context.Context) {
	in, out := make([]byte, maxDatagram), make([]byte, maxDatagram)
	const octets = 45 // of a request, and of its answer
	for ctx.Err() == nil {
		begun := time.Now()
		_, err := r.client.Get(ctx, client.Inst(mib.ObjSysUpTime, 0))
		r.note(&r.probes, begun, err)
		begun = time.Now()
		err = echoOnce(r.echo, exchange{octets, octets}, in, out)
		r.note(&r.echoes, begun, err)
		time.Sleep(probeEvery)
	}
}

func (r *relay) note(d *delays, begun time.Time, err error) {
	if err == nil || time.Since(begun) >= lostAfter {
		r.mu.Lock()
		defer r.mu.Unlock()
		d.add(time.Since(begun))
	}
}

// print prints what was noted up to now.
func (r *relay) print() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, d := range []*delays{&r.answers, &r.probes, &r.echoes} {
		fmt.Printf(" %8d %5d %7.1f", d.n, d.late, d.longest.Seconds()*1e3)
	}
}

// echoMain echoes until it is killed, and says where.
func echoMain() error {
	server, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return err
	}
	fmt.Println(server.LocalAddr())
	return answerAll(server)
}
