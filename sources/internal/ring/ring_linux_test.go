package ring

import (
	"encoding/binary"
	"slices"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"netramet/sources/sourcetest"
	"netramet/sources/wire"
)

// fake is a ring in memory, of which the test is the kernel.
type fake struct {
	*Ring
	fill int // the block that is filled next
}

func newFake(blocks, octets int) *fake {
	r := &Ring{fd: -1, size: octets, restored: make([]uint8, 0, wire.BatchSize)}
	r.lay(make([]byte, blocks*octets))
	return &fake{Ring: r}
}

// packet is one as the kernel hands it over.
type packet struct {
	data       []byte
	length     uint32 // on the wire; 0: that of data
	sec, nsec  uint32
	status     uint32
	tci, tpid  uint16
	mac, net   uint16 // offsets; 0: as for Ethernet
	protocol   uint16
	ifIndex    int32
	hardware   uint16
	addressing uint8
}

// hand hands over the next block with packets, and reports whether it is the
// kernel's.
func (f *fake) hand(packets ...packet) bool {
	b := &f.blocks[f.fill]
	if b.desc.status != unix.TP_STATUS_KERNEL {
		return false
	}
	at := 48
	b.desc.first, b.desc.packets = uint32(at), uint32(len(packets))
	for _, p := range packets {
		at = put(b.data, at, p)
	}
	b.desc.octets = uint32(at)
	b.desc.status = unix.TP_STATUS_USER
	f.fill = (f.fill + 1) % len(f.blocks)
	return true
}

// put writes a packet into a block and returns where the next one goes.
func put(block []byte, at int, p packet) int {
	h := (*unix.Tpacket3Hdr)(unsafe.Pointer(&block[at]))
	if p.mac == 0 {
		p.mac, p.net = 82, 96
	}
	if p.length == 0 {
		p.length = uint32(len(p.data))
	}
	next := (int(p.mac) + len(p.data) + 15) &^ 15
	*h = unix.Tpacket3Hdr{
		Next_offset: uint32(next), Sec: p.sec, Nsec: p.nsec, Snaplen: uint32(len(p.data)), Len: p.length,
		Status: unix.TP_STATUS_USER | p.status, Mac: p.mac, Net: p.net,
		Hv1: unix.TpacketHdrVariant1{Vlan_tci: uint32(p.tci), Vlan_tpid: p.tpid},
	}
	a := (*address)(unsafe.Pointer(&block[at+addressAt]))
	*a = address{family: unix.AF_PACKET, ifIndex: p.ifIndex, hardware: p.hardware, kind: p.addressing}
	a.protocol = [2]byte{byte(p.protocol >> 8), byte(p.protocol)}
	copy(block[at+int(p.mac):], p.data)
	return at + next
}

// numbers are the first octets of a batch's frames.
func numbers(b *wire.Batch) (list []byte) {
	for _, f := range b.Frames {
		list = append(list, append(f.Data, 0)[0])
	}
	return list
}

func one(n byte) packet { return packet{data: []byte{n, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 8, 0}} }

// TestBlocksAreTheKernelsAgain: a block is given back when it was read and each batch
// that lies in it is released, in whatever order that happens.
func TestBlocksAreTheKernelsAgain(t *testing.T) {
	f := newFake(MinBlocks, 128<<10)
	f.SetLink(Link{Number: 1, Limit: 1500})
	many := make([]packet, 2*wire.BatchSize)
	for i := range many {
		many[i] = one(byte(i))
	}
	for range MinBlocks {
		f.hand(many...)
	}
	batches := make([]wire.Batch, 2*MinBlocks+1)
	for i := range 2 * MinBlocks {
		batches[i].Reset()
		if sums := f.Fill(&batches[i]); sums != (Counts{Frames: wire.BatchSize, Octets: 14 * wire.BatchSize}) {
			t.Fatalf("batch %d: %+v", i, sums)
		}
	}
	last := &batches[2*MinBlocks]
	last.Reset()
	if !f.Blocked() || f.Pending() || f.Fill(last).Frames != 0 {
		t.Error("a block whose batches are in flight is read again")
	}
	kernels := func() (n int) {
		for i := range f.blocks {
			if f.blocks[i].desc.status == unix.TP_STATUS_KERNEL {
				n++
			}
		}
		return n
	}
	batches[2].Release()
	batches[0].Release()
	batches[0].Release()
	if kernels() != 0 {
		t.Error("a block is given back with a batch in it")
	}
	batches[3].Release()
	if kernels() != 1 || !f.Blocked() {
		t.Error("the second block is not given back")
	}
	batches[1].Release()
	if kernels() != 2 || f.Blocked() {
		t.Error("the first block is not given back")
	}
	if !f.hand(one(77)) || f.Fill(last).Frames != 1 || last.Frames[0].Data[0] != 77 {
		t.Error("the first block is not read again")
	}
}

// TestMemoryGoesLast: the mapping goes with the ring, and with the last batch.
func TestMemoryGoesLast(t *testing.T) {
	f := newFake(MinBlocks, 4<<10)
	gone := 0
	f.unmap = func([]byte) error { gone++; return nil }
	f.hand(one(1))
	f.hand(one(2), one(3))
	var a, b wire.Batch
	a.Reset()
	b.Reset()
	f.Fill(&a)
	f.Fill(&b)
	_ = f.Close()
	b.Release()
	if gone != 0 || a.Frames[0].Data[0] != 1 {
		t.Fatal("memory is gone below a batch")
	}
	a.Release()
	if gone != 1 {
		t.Errorf("unmapped %d times", gone)
	}
}

// TestHeads: what the heads of packets say is in the frames.
func TestHeads(t *testing.T) {
	ether := []byte{1, 2, 3, 4, 5, 6, 11, 12, 13, 14, 15, 16, 0x86, 0xdd, 0x60}
	tagged := func(tpid, tci uint16) []byte {
		tag := []byte{byte(tpid >> 8), byte(tpid), byte(tci >> 8), byte(tci)}
		return slices.Concat(ether[:12], tag, ether[12:])
	}
	const valid, typed = unix.TP_STATUS_VLAN_VALID, unix.TP_STATUS_VLAN_TPID_VALID
	ethernet, bare, cooked := Link{1, Ethernet, wire.LinkEthernet, 1500}, Link{1, Bare, wire.LinkRaw, 1500}, Link{1, Cooked, wire.LinkLinuxSLL, 1500}
	framed := Link{1, Framed, wire.LinkFDDI, 1500}
	sll := []byte{0, 4, 3, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x86, 0xdd}
	for _, row := range []struct {
		name string
		link Link
		in   packet
		want wire.Frame
	}{
		{"time", ethernet, packet{data: ether, sec: 1_700_000_000, nsec: 999_999_999}, wire.Frame{Time: 1_700_000_000_999_999_999, Data: ether, WireLen: 15, LinkType: wire.LinkEthernet}},
		{"cut", ethernet, packet{data: ether, length: 900}, wire.Frame{Data: ether, WireLen: 900, LinkType: wire.LinkEthernet}},
		{"tag", ethernet, packet{data: ether, status: valid, tci: 0x2005, tpid: 9}, wire.Frame{Data: tagged(0x8100, 0x2005), WireLen: 19, LinkType: wire.LinkEthernet}},
		{"tag 0", ethernet, packet{data: ether, status: valid}, wire.Frame{Data: tagged(0x8100, 0), WireLen: 19, LinkType: wire.LinkEthernet}},
		{"tag of another type", ethernet, packet{data: ether, status: valid | typed, tci: 7, tpid: 0x88a8}, wire.Frame{Data: tagged(0x88a8, 7), WireLen: 19, LinkType: wire.LinkEthernet}},
		{"tag and no room", ethernet, packet{data: ether, status: valid, tci: 7, mac: headsEnd + 2, net: headsEnd + 16}, wire.Frame{Data: ether, WireLen: 19, LinkType: wire.LinkEthernet, Flags: wire.HasVLAN, VLAN: 7}},
		{"tag and addresses cut", ethernet, packet{data: ether[:11], length: 60, status: valid, tci: 7}, wire.Frame{Data: ether[:11], WireLen: 64, LinkType: wire.LinkEthernet, Flags: wire.HasVLAN, VLAN: 7}},
		{"no tag", ethernet, packet{data: ether, tci: 7, tpid: 0x8100}, wire.Frame{Data: ether, WireLen: 15, LinkType: wire.LinkEthernet}},
		{"merged", ethernet, packet{data: ether, status: unix.TP_STATUS_GSO_TCP}, wire.Frame{Data: ether, WireLen: 15, LinkType: wire.LinkEthernet, Flags: wire.Merged}},
		{"long", ethernet, packet{data: ether, length: 1501}, wire.Frame{Data: ether, WireLen: 1501, LinkType: wire.LinkEthernet, Flags: wire.Merged}},
		{"bare", bare, packet{data: ether, protocol: protoIPv6}, wire.Frame{Data: ether[14:], WireLen: 1, LinkType: wire.LinkRaw}},
		{"bare, without header", bare, packet{data: ether[14:], mac: 96, net: 96, protocol: protoIPv6}, wire.Frame{Data: ether[14:], WireLen: 1, LinkType: wire.LinkRaw}},
		{"bare, not IP", bare, packet{data: ether, protocol: 0x86dd + 1, hardware: 0x301, addressing: 4}, wire.Frame{Data: append(append(slices.Clone(sll[:15]), 0xde), 0x60), WireLen: 17, LinkType: wire.LinkLinuxSLL}},
		{"cooked", cooked, packet{data: ether, protocol: protoIPv6, hardware: 0x301, addressing: 4}, wire.Frame{Data: append(slices.Clone(sll), 0x60), WireLen: 17, LinkType: wire.LinkLinuxSLL}},
		{"bare, tagged, longer", bare, packet{data: ether, length: 1600, status: valid, tci: 3, protocol: protoIPv4}, wire.Frame{Data: ether[14:], WireLen: 1590, LinkType: wire.LinkRaw, Flags: wire.HasVLAN | wire.Merged, VLAN: 3}},
		{"framed", framed, packet{data: ether}, wire.Frame{Data: ether, WireLen: 15, LinkType: wire.LinkFDDI}},
	} {
		for _, many := range []bool{false, true} {
			f := newFake(MinBlocks, 4<<10)
			f.SetLink(row.link)
			if many {
				f.SetLinks(func(index int, hardware uint16) Link {
					if index != 5 || hardware != row.in.hardware {
						t.Errorf("interface %d of hardware type %d", index, hardware)
					}
					return row.link
				})
				row.in.ifIndex = 5
			}
			second := one(9)
			second.ifIndex, second.hardware = row.in.ifIndex, row.in.hardware
			f.hand(row.in, second)
			var b wire.Batch
			b.Reset()
			if sums := f.Fill(&b); sums.Frames != 2 || sums.Octets < uint64(row.want.WireLen) {
				t.Errorf("%s: %+v", row.name, sums)
				continue
			}
			row.want.Interface = 1
			if d := sourcetest.Difference(b.Frames[0], row.want); d != "" {
				t.Errorf("%s, of many %v: %s", row.name, many, d)
			}
		}
	}
}

// TestBrokenBlocks: a block that no kernel would write is left, and harms nothing.
func TestBrokenBlocks(t *testing.T) {
	for _, row := range []struct {
		name  string
		spoil func(block []byte, first *unix.Tpacket3Hdr)
		want  []byte
	}{
		{"no packets", func(b []byte, _ *unix.Tpacket3Hdr) { binary.NativeEndian.PutUint32(b[12:], 0) }, nil},
		{"begins behind its end", func(b []byte, _ *unix.Tpacket3Hdr) { binary.NativeEndian.PutUint32(b[16:], 1<<31) }, nil},
		{"a packet that is too long", func(_ []byte, h *unix.Tpacket3Hdr) { h.Snaplen = 1 << 31 }, nil},
		{"the next behind the end", func(_ []byte, h *unix.Tpacket3Hdr) { h.Next_offset = 1 << 31 }, []byte{1}},
		{"more packets than a block can hold", func(b []byte, _ *unix.Tpacket3Hdr) { binary.NativeEndian.PutUint32(b[12:], 1<<31) }, slices.Concat([]byte{1, 2}, make([]byte, 4096/headsEnd-2))},
	} {
		f := newFake(MinBlocks, 4<<10)
		f.SetLink(Link{Number: 1})
		f.hand(one(1), one(2))
		f.hand(one(3))
		block := f.blocks[0].data
		row.spoil(block, (*unix.Tpacket3Hdr)(unsafe.Pointer(&block[48])))
		var b wire.Batch
		var got []byte
		for range 100 {
			b.Reset()
			f.Fill(&b)
			got = append(got, numbers(&b)...)
		}
		b.Release()
		if want := append(slices.Clone(row.want), 3); !slices.Equal(got, want) {
			t.Errorf("%s: frames %v, want %v", row.name, got, want)
		}
		if f.blocks[0].desc.status != unix.TP_STATUS_KERNEL || f.users.Load() != 1 {
			t.Errorf("%s: the block is not given back", row.name)
		}
	}
}

// BenchmarkFill reads blocks of smallest packets that lie in the cache.
func BenchmarkFill(b *testing.B) {
	for _, row := range []struct {
		name string
		set  func(*Ring)
	}{
		{"ethernet", func(r *Ring) { r.SetLink(Link{Number: 1, Limit: 1500}) }},
		{"any", func(r *Ring) { r.SetLinks(func(int, uint16) Link { return Link{Number: 1, Limit: 1500} }) }},
	} {
		b.Run(row.name, func(b *testing.B) {
			f := newFake(MinBlocks, 128<<10)
			row.set(f.Ring)
			many := make([]packet, 768)
			for i := range many {
				many[i] = packet{data: make([]byte, 60), ifIndex: 3, hardware: unix.ARPHRD_ETHER}
			}
			for range f.blocks {
				f.hand(many...)
			}
			var batch wire.Batch
			n := 0
			b.ReportAllocs()
			for b.Loop() {
				batch.Reset()
				for i := range f.blocks { // those given back are handed over again
					if d := f.blocks[i].desc; d.status == unix.TP_STATUS_KERNEL {
						d.status = unix.TP_STATUS_USER
					}
				}
				if f.Fill(&batch).Frames == 0 {
					b.Fatal("no packet")
				}
				n += len(batch.Frames)
			}
			b.ReportMetric(float64(b.Elapsed())/float64(n), "ns/packet")
		})
	}
}
