package main

import (
	"net"
	"os"
	"testing"

	"netramet/internal/command"
)

// TestManagedSilentServer: a server that says nothing keeps neither managers nor the
// end of the meter waiting, before its first words and in the middle of its trace.
func TestManagedSilentServer(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile(office)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	begin, gone, served := make(chan struct{}), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(served)
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		<-begin
		_, _ = c.Write(data[:len(data)/2])
		<-gone
	}()
	m := startMeter(t, "-C", "tcp://"+l.Addr().String(), "-T60")
	x := m.manage("me", projectRules("hosts.srl"), 60)
	x.start()
	if tr, err := x.c.Trace(t.Context()); err != nil || tr.Error != "" {
		t.Errorf("before it begins: %+v, %v", tr, err)
	}
	close(begin)
	x.collect(x.next().Start)
	m.cancel()
	if got := m.wait(); got != command.StatusOK {
		t.Errorf("status %d", got)
	}
	close(gone)
	<-served
}
