//go:build linux

package main

import (
	"context"
	"encoding/binary"
	"math/rand/v2"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"netramet/sources/sourcetest/inject"
)

// load sends smallest packets at a rate, of flows of which each lives for some time.
type load struct {
	o      serviceOptions
	fd     int
	sent   int
	begun  time.Time
	chance *rand.Rand
	packet [inject.Octets]byte
}

func newLoad(o serviceOptions) (*load, error) {
	l := &load{o: o, fd: -1, begun: time.Now(), chance: rand.New(rand.NewPCG(1, 2)), packet: inject.Packet}
	return l, l.open()
}

// open opens the socket, anew where there is another interface of the name.
func (l *load) open() (err error) {
	if l.fd >= 0 {
		unix.Close(l.fd)
	}
	if l.fd, err = unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0); err != nil {
		return os.NewSyscallError("socket", err)
	}
	r, err := unix.NewIfreq(far)
	if err != nil {
		return err
	}
	if err := unix.IoctlIfreq(l.fd, unix.SIOCGIFINDEX, r); err != nil {
		return os.NewSyscallError("ioctl", err)
	}
	return os.NewSyscallError("bind", unix.Bind(l.fd, &unix.SockaddrLinklayer{Ifindex: int(r.Uint32())}))
}

// send sends until then, some packets every few milliseconds.
func (l *load) send(ctx context.Context, until time.Time) error {
	const tick = 5 * time.Millisecond
	begun, sent := time.Now(), 0
	for now := begun; now.Before(until) && ctx.Err() == nil; now = time.Now() {
		// Flows are numbered by when they begin: those with the last numbers live.
		newest := int(now.Sub(l.begun).Seconds() * float64(l.o.flows) / float64(l.o.life))
		for due := int(now.Sub(begun) * time.Duration(l.o.rate) / time.Second); sent < due; sent++ {
			host := uint32(newest + l.chance.IntN(l.o.flows))
			binary.BigEndian.PutUint32(l.packet[inject.SourceAt:], 10<<24|host&0xffffff)
			switch _, err := unix.Write(l.fd, l.packet[:]); err {
			case nil:
				l.sent++
			case unix.ENOBUFS, unix.EINTR: // not sent
			default:
				return os.NewSyscallError("write", err)
			}
		}
		time.Sleep(tick)
	}
	return nil
}
