package main

import (
	"context"
	"net"
	"strings"
	"testing"
	"time"

	"netramet/sources/wire"
)

// TestNetFlowSocket: what is sent to the socket of -C comes, and who sent it is an
// interface. Nothing is told while it opens: there is no log yet.
func TestNetFlowSocket(t *testing.T) {
	o, err := parseOptions([]string{"-C", "netflow://127.0.0.1:0", "-T10", projectRules("hosts.srl")})
	if err != nil {
		t.Fatal(err)
	}
	src, err := o.openTrace(context.Background(), nil, func(text string) { t.Errorf("told %q", text) })
	if err != nil {
		t.Skipf("no socket: %v", err)
	}
	defer src.Close()
	if !o.isLive() || o.time == nil || o.octets != "peer" || strings.HasSuffix(o.traceName(), ":0") {
		t.Errorf("live %v, octets %s, name %s", o.isLive(), o.octets, o.traceName())
	}
	conn, err := net.Dial("udp", strings.TrimPrefix(o.socket(), "netflow://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	now := time.Now().UnixNano()
	e := exporting{boot: now - int64(time.Minute), until: now}
	e.order = []*exported{{head: make([]byte, 13), pdus: 7, octets: 900, first: now, last: now}}
	e.send()
	if _, err := conn.Write(e.frames[0].Data[42:]); err != nil {
		t.Fatal(err)
	}
	var b wire.Batch
	for len(b.Records) == 0 {
		if err := src.Read(&b); err != nil {
			t.Fatal(err)
		}
	}
	x := src.(link).Interfaces()
	if r := &b.Records[0]; r.PDUs != 7 || r.Octets != 900 || len(x) != 1 || x[0].Name != "127.0.0.1" || x[0].Packets != 1 || x[0].Octets != 900 || !x[0].Up {
		t.Errorf("%+v from %+v", r, x)
	}
}

// TestNetFlowUsage: what does not go with flow records is told.
func TestNetFlowUsage(t *testing.T) {
	for _, tt := range []struct{ args, want string }{
		{"-C netflow://127.0.0.1", "it is netflow://ADDRESS:PORT"},
		{"-C netflow://:2055 -C b.pcap r.srl", "it is metered alone"},
		{"-C netflow://:2055 -i eth0 r.srl", "does not go with -C netflow://:2055"},
		{"-C netflow://:2055 --merge r.srl", "does not go with -C netflow://:2055"},
		{"-C netflow://:2055 --netflow r.srl", "does not go with -C netflow://:2055"},
		{"-C netflow://:2055 -T 60", "readers of a live meter collect when they like"},
		{"-C a.pcap --netflow --write b.pcap r.srl", "--write is for packets"},
		{"-C a.pcap --netflow --explain 3 r.srl", "--explain is for packets"},
		{"-C a.pcap --netflow=2055,x r.srl", `"x" is no port`},
		{"-C a.pcap --netflow-sampling=tell r.srl", "is for flow records"},
		{"-C a.pcap --netflow --netflow-sampling=all r.srl", "it is apply or tell"},
		{"-C a.pcap --netflow --netflow-from=x r.srl", "it is a network or an address"},
	} {
		if _, err := parseOptions(strings.Fields(tt.args)); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want ...%s...", tt.args, err, tt.want)
		}
	}
}
