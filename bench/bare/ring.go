//go:build linux

package main

import (
	"fmt"
	"io"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"

	"netramet/sources/live"
	"netramet/sources/wire"
)

// The ring is as large as netramet's own is by default, and so are its blocks.
const (
	ringOctets  = 32 << 20
	blockOctets = 128 << 10
	blockFor    = 4 // milliseconds that a block is held back for, if it is not full
	patience    = 8 // milliseconds that poll waits for a block
)

// ring reads what an interface carries from a TPACKET_V3 ring. It waits in poll, walks
// each block, looks at each packet's stamp, lengths and type, and gives the block
// back. It knows no tags, no batches and no links that change.
type ring struct {
	fd      int
	mem     []byte
	next    int
	packets uint64
	octets  uint64
	seen    uint64 // so that the compiler leaves nothing out

	flows   *table // nil: packets are not counted by flow
	pending pending
}

// openRing begins to read an interface.
func openRing(name string) (*ring, error) {
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, os.NewSyscallError("socket", err)
	}
	if err := unix.SetsockoptInt(fd, unix.SOL_PACKET, unix.PACKET_VERSION, unix.TPACKET_V3); err != nil {
		return nil, os.NewSyscallError("setsockopt", err)
	}
	const frame = 2048 // of no meaning in such a ring
	req := unix.TpacketReq3{
		Block_size: blockOctets, Block_nr: ringOctets / blockOctets,
		Frame_size: frame, Frame_nr: ringOctets / frame, Retire_blk_tov: blockFor,
	}
	if err := unix.SetsockoptTpacketReq3(fd, unix.SOL_PACKET, unix.PACKET_RX_RING, &req); err != nil {
		return nil, os.NewSyscallError("setsockopt", err)
	}
	mem, err := unix.Mmap(fd, 0, ringOctets, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return nil, os.NewSyscallError("mmap", err)
	}
	r, err := unix.NewIfreq(name)
	if err != nil {
		return nil, err
	}
	if err := unix.IoctlIfreq(fd, unix.SIOCGIFINDEX, r); err != nil {
		return nil, os.NewSyscallError("ioctl", err)
	}
	const all = 0x0300 // ETH_P_ALL in the network's order
	err = unix.Bind(fd, &unix.SockaddrLinklayer{Protocol: all, Ifindex: int(r.Uint32())})
	return &ring{fd: fd, mem: mem}, os.NewSyscallError("bind", err)
}

// read reads a block, or waits for one, and reports whether there was one.
func (r *ring) read() bool {
	block := r.mem[r.next*blockOctets : (r.next+1)*blockOctets]
	head := (*unix.TpacketHdrV1)(unsafe.Pointer(&block[8]))
	if atomic.LoadUint32(&head.Block_status)&unix.TP_STATUS_USER == 0 {
		_, _ = unix.Poll([]unix.PollFd{{Fd: int32(r.fd), Events: unix.POLLIN}}, patience)
		return false
	}
	at := head.Offset_to_first_pkt
	for range head.Num_pkts {
		h := (*unix.Tpacket3Hdr)(unsafe.Pointer(&block[at]))
		data := block[at+uint32(h.Mac):][:h.Snaplen]
		r.seen += uint64(h.Sec) + uint64(h.Nsec) + uint64(data[12])
		r.octets += uint64(h.Len)
		if p := &r.pending; r.flows != nil {
			if p.to = p.key.decode(data); p.to >= 0 {
				p.octets = h.Len
				p.hash = p.key.hash()
				r.flows.count(p)
			}
		}
		at += h.Next_offset
	}
	r.packets += uint64(head.Num_pkts)
	atomic.StoreUint32(&head.Block_status, unix.TP_STATUS_KERNEL)
	if r.next++; r.next*blockOctets == len(r.mem) {
		r.next = 0
	}
	return true
}

// readLink reads an interface until it is told to end and nothing more comes, and
// prints what it has read.
func readLink(name string, byFlow bool, out io.Writer) error {
	r, err := openRing(name)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if byFlow {
		r.flows = newTable(1 << 20)
	}
	told := toEnd()
	for r.read() || !told() {
	}
	flows := 0
	if byFlow {
		flows = r.flows.n
	}
	_, err = fmt.Fprintln(out, r.packets, r.octets, flows)
	return err
}

// readSource does the same by the meter's own source, and looks at each packet.
func readSource(name string, out io.Writer) error {
	s, err := live.Open(live.Options{Interfaces: []string{name}})
	if err != nil {
		return err
	}
	defer s.Close()
	told := toEnd()
	var b wire.Batch
	var packets, octets, seen uint64
	for len(b.Frames) > 0 || !told() {
		if err := s.Read(&b); err != nil {
			return err
		}
		for i := range b.Frames {
			f := &b.Frames[i]
			octets += uint64(f.WireLen)
			seen += uint64(f.Time) + uint64(f.Data[12])
		}
		packets += uint64(len(b.Frames))
	}
	_, err = fmt.Fprintln(out, packets, octets, 0)
	return err
}

// toEnd reports whether this process was told to end.
func toEnd() func() bool {
	told := make(chan os.Signal, 1)
	signal.Notify(told, os.Interrupt, syscall.SIGTERM)
	return func() bool { return len(told) > 0 }
}
