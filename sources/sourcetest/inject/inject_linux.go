package inject

import (
	"fmt"
	"math/bits"
	"net"
	"time"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"
	"golang.org/x/sys/unix"
)

// Octets are the length of the packets: the shortest that Ethernet has, without check
// sequence.
const Octets = 60

// MaxFlows is the most flows that packets can be of.
const MaxFlows = 1 << 16

// Injector gives packets to one interface. One goroutine uses it.
type Injector struct {
	ifIndex  uint32
	shared   *ebpf.Map
	sending  *ebpf.Program
	attached link.Link // what makes the interface's driver ready for such packets
}

// Open prepares an interface of this network namespace, one of a pair (veth). Packets
// are UDP of so many flows, a power of two, in no order and in both directions; they
// are for another station.
func Open(name string, flows int) (i *Injector, err error) {
	if flows < 1 || flows > MaxFlows || bits.OnesCount(uint(flows)) != 1 {
		return nil, fmt.Errorf("%d flows: a power of two up to %d is wanted", flows, MaxFlows)
	}
	iface, err := net.InterfaceByName(name)
	if err != nil {
		return nil, err
	}
	i = &Injector{ifIndex: uint32(iface.Index)}
	defer func() {
		if err != nil {
			err = fmt.Errorf("packets from within the kernel: %w", err)
			i.Close()
		}
	}()
	if i.shared, err = ebpf.NewMap(&ebpf.MapSpec{Type: ebpf.Array, KeySize: 4, ValueSize: controlOctets, MaxEntries: 1}); err != nil {
		return i, err
	}
	if i.sending, err = ebpf.NewProgram(&ebpf.ProgramSpec{Type: ebpf.XDP, Instructions: sending(i.shared.FD()), License: "GPL"}); err != nil {
		return i, err
	}
	through, err := ebpf.NewProgram(&ebpf.ProgramSpec{Type: ebpf.XDP, Instructions: passing, License: "GPL"})
	if err != nil {
		return i, err
	}
	defer through.Close()
	i.attached, err = link.AttachXDP(link.XDPOptions{Program: through, Interface: iface.Index, Flags: link.XDPDriverMode})
	if err != nil {
		return i, err
	}
	return i, i.shared.Put(uint32(0), control{Mask: uint64(flows - 1)})
}

// Close makes the interface what it was.
func (i *Injector) Close() {
	if i.attached != nil {
		i.attached.Close()
	}
	if i.sending != nil {
		i.sending.Close()
	}
	if i.shared != nil {
		i.shared.Close()
	}
}

// runs is how often the program runs before this process looks at the clock: some ten
// milliseconds.
const runs = 1 << 17

// Send gives packets to the interface for so long, rate of them a second, or as fast
// as it goes for 0. It keeps this thread's processor busy. It says how many there were.
func (i *Injector) Send(lasting time.Duration, rate int) (sent uint64, err error) {
	var c control
	if err := i.shared.Lookup(uint32(0), &c); err != nil {
		return 0, err
	}
	before := c.Sent
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &now); err != nil {
		return 0, err
	}
	c.Next, c.Interval = uint64(now.Nano()), 0
	if rate > 0 {
		c.Interval = uint64(time.Second) / uint64(rate)
	}
	if err := i.shared.Put(uint32(0), c); err != nil {
		return 0, err
	}
	context := struct{ Data, DataEnd, DataMeta, IfIndex, Queue, Egress uint32 }{DataEnd: Octets, IfIndex: i.ifIndex}
	for begun := time.Now(); time.Since(begun) < lasting; {
		_, err := i.sending.Run(&ebpf.RunOptions{Data: Packet[:], Context: context, Repeat: runs, Flags: unix.BPF_F_TEST_XDP_LIVE_FRAMES})
		if err != nil {
			return 0, fmt.Errorf("packets from within the kernel: %w", err)
		}
	}
	if err := i.shared.Lookup(uint32(0), &c); err != nil {
		return 0, err
	}
	return c.Sent - before, nil
}

// Packet is what each packet is made from: UDP over IPv4.
var Packet = [Octets]byte{
	2, 0, 0, 0, 0, 0xaa, 2, 0, 0, 0, 0, 0xbb, 8, 0, // Ethernet
	0x45, 0, 0, 46, 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, 0, 10, 128, 0, 0, // IPv4
	0, 53, 0, 53, 0, 26, // UDP
}
