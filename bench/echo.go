//go:build linux

package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"
)

// exchange is the sizes of a request and its answer.
type exchange struct{ sent, got int }

// recorder is a socket that notes what is said on it.
type recorder struct {
	*net.UDPConn
	talk []exchange
}

func dialRecorder(to netip.AddrPort) (*recorder, error) {
	conn, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(to))
	if err != nil {
		return nil, err
	}
	_ = conn.SetReadBuffer(1 << 20)
	return &recorder{UDPConn: conn}, nil
}

func (r *recorder) Write(b []byte) (int, error) {
	r.talk = append(r.talk, exchange{sent: len(b)})
	return r.UDPConn.Write(b)
}

func (r *recorder) Read(b []byte) (int, error) {
	n, err := r.UDPConn.Read(b)
	if err == nil && len(r.talk) > 0 {
		r.talk[len(r.talk)-1].got += n
	}
	return n, err
}

const maxDatagram = 65507

// lostAfter is how long an answer may take: on loopback it is lost by then.
const lostAfter = 5 * time.Second

// echoPass exchanges datagrams of the same sizes, one after the other: each
// request begins with the size its answer is to have.
func echoPass(talk []exchange) (p pass, err error) {
	server, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return p, err
	}
	done := make(chan error, 1)
	go func() { done <- answerAll(server) }()
	defer func() {
		server.Close()
		err = errors.Join(err, <-done)
	}()
	client, err := net.DialUDP("udp4", nil, server.LocalAddr().(*net.UDPAddr))
	if err != nil {
		return p, err
	}
	defer client.Close()
	_ = client.SetReadBuffer(1 << 20)
	out, in := make([]byte, maxDatagram), make([]byte, maxDatagram)
	for _, x := range talk {
		if err := echoOnce(client, x, in, out); err != nil {
			return p, err
		}
	}
	return p, nil
}

// echoOnce is one exchange; in and out are buffers.
func echoOnce(client *net.UDPConn, x exchange, in, out []byte) error {
	binary.BigEndian.PutUint32(out, uint32(x.got))
	if _, err := client.Write(out[:max(x.sent, 4)]); err != nil {
		return err
	}
	if err := client.SetReadDeadline(time.Now().Add(lostAfter)); err != nil {
		return err
	}
	n, err := client.Read(in)
	if err != nil {
		return err
	}
	if n != x.got {
		return fmt.Errorf("%d octets came, not %d", n, x.got)
	}
	return nil
}

func answerAll(conn *net.UDPConn) error {
	buf, out := make([]byte, maxDatagram), make([]byte, maxDatagram)
	for {
		n, from, err := conn.ReadFromUDPAddrPort(buf)
		if errors.Is(err, net.ErrClosed) {
			return nil
		}
		if err != nil {
			return err
		}
		if n < 4 {
			continue
		}
		want := min(binary.BigEndian.Uint32(buf), maxDatagram)
		if _, err := conn.WriteToUDPAddrPort(out[:want], from); err != nil {
			return err
		}
	}
}
