package ring

import (
	"fmt"
	"os"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

// Nothing is a filter that no packet passes.
var Nothing = []bpf.RawInstruction{{Op: 0x06}}

// FD is the socket, to be polled and asked; it stays the ring's.
func (r *Ring) FD() int { return r.fd }

// SetFilter puts a program in the place of the one that there is.
func (r *Ring) SetFilter(program []bpf.RawInstruction) error {
	return r.attach(unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, program)
}

func (r *Ring) attach(level, option int, program []bpf.RawInstruction) error {
	if len(program) == 0 {
		return nil
	}
	code := make([]unix.SockFilter, len(program))
	for i, in := range program {
		code[i] = unix.SockFilter{Code: in.Op, Jt: in.Jt, Jf: in.Jf, K: in.K}
	}
	prog := unix.SockFprog{Len: uint16(len(code)), Filter: &code[0]}
	if err := unix.SetsockoptSockFprog(r.fd, level, option, &prog); err != nil {
		return fmt.Errorf("a filter of %d instructions: %w", len(program), os.NewSyscallError("setsockopt", err))
	}
	return nil
}

// Bind begins to receive what an interface carries, of which there may be none: 0
// is all of them.
func (r *Ring) Bind(ifIndex int) error {
	all := uint16(unix.ETH_P_ALL)
	addr := unix.SockaddrLinklayer{Protocol: all<<8 | all>>8, Ifindex: ifIndex}
	return os.NewSyscallError("bind", unix.Bind(r.fd, &addr))
}

// Bound returns the index of the interface that the socket receives from, 0 for
// all, and -1 once that interface is no more.
func (r *Ring) Bound() (int, error) {
	addr, err := unix.Getsockname(r.fd)
	if err != nil {
		return 0, os.NewSyscallError("getsockname", err)
	}
	if a, ok := addr.(*unix.SockaddrLinklayer); ok {
		return a.Ifindex, nil
	}
	return 0, nil
}

// Promiscuous makes the interface take frames for other stations too, as long as
// the ring is open.
func (r *Ring) Promiscuous(ifIndex int) error {
	m := unix.PacketMreq{Ifindex: int32(ifIndex), Type: unix.PACKET_MR_PROMISC}
	return os.NewSyscallError("setsockopt", unix.SetsockoptPacketMreq(r.fd, unix.SOL_PACKET, unix.PACKET_ADD_MEMBERSHIP, &m))
}

// TakeDropped returns how many packets the ring had no room for since it was last
// asked.
func (r *Ring) TakeDropped() (uint64, error) {
	st, err := unix.GetsockoptTpacketStatsV3(r.fd, unix.SOL_PACKET, unix.PACKET_STATISTICS)
	if err != nil {
		return 0, os.NewSyscallError("getsockopt", err)
	}
	return uint64(st.Drops), nil
}

// Permitted says whether this process may open a ring.
func Permitted() error { return Takes(nil) }

// Takes says whether the kernel takes a program for a socket.
func Takes(program []bpf.RawInstruction) error {
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return os.NewSyscallError("socket", err)
	}
	defer unix.Close(fd)
	r := Ring{fd: fd}
	return r.SetFilter(program)
}

// Group makes rings that are bound to one interface share out its packets: the
// kernel gives each to the ring that the program names, by its number modulo the
// rings.
func Group(rings []*Ring, program []bpf.RawInstruction) error {
	join := func(r *Ring, option int) error {
		return os.NewSyscallError("setsockopt", unix.SetsockoptInt(r.fd, unix.SOL_PACKET, unix.PACKET_FANOUT, option))
	}
	// The kernel chooses an identifier that no other process has.
	const kind = unix.PACKET_FANOUT_CBPF
	if err := join(rings[0], (kind|unix.PACKET_FANOUT_FLAG_UNIQUEID)<<16); err != nil {
		return fmt.Errorf("sharing out packets between rings: %w", err)
	}
	id, err := unix.GetsockoptInt(rings[0].fd, unix.SOL_PACKET, unix.PACKET_FANOUT)
	if err != nil {
		return fmt.Errorf("sharing out packets between rings: %w", os.NewSyscallError("getsockopt", err))
	}
	if err := rings[0].attach(unix.SOL_PACKET, unix.PACKET_FANOUT_DATA, program); err != nil {
		return fmt.Errorf("sharing out packets between rings: %w", err)
	}
	for i, r := range rings[1:] {
		if err := join(r, id&0xffff|kind<<16); err != nil {
			return fmt.Errorf("sharing out packets between rings, ring %d: %w", i+2, err)
		}
	}
	return nil
}
