package ring

import (
	"encoding/binary"
	"unsafe"

	"golang.org/x/sys/unix"

	"netramet/sources/wire"
)

// The heads of a packet in a block: struct tpacket3_hdr, and a struct sockaddr_ll
// behind it.
const (
	addressAt = unix.SizeofTpacket3Hdr
	headsEnd  = addressAt + unix.SizeofSockaddrLinklayer
)

// address is struct sockaddr_ll.
type address struct {
	family   uint16
	protocol [2]byte // in network order
	ifIndex  int32
	hardware uint16 // ARPHRD_*
	kind     uint8  // PACKET_*
	size     uint8
	octets   [8]byte
}

const (
	macs      = 12 // octets of two Ethernet addresses
	tagOctets = 4
	tag8021Q  = 0x8100
	portsAt   = 34 // of TCP or UDP in IPv4, where there are no options
	sllOctets = 16
	protoIPv4 = 0x0800
	protoIPv6 = 0x86dd
)

// Counts are sums of frames.
type Counts struct{ Frames, Octets, Merged uint64 }

// Add adds a frame.
func (c *Counts) Add(f *wire.Frame) {
	c.Frames++
	c.Octets += uint64(f.WireLen)
	if f.Flags&wire.Merged != 0 {
		c.Merged++
	}
}

// Fill fills an empty batch from one block, and returns the sums of its frames: none
// if there is no packet to read. It does not wait.
func (r *Ring) Fill(b *wire.Batch) (sums Counts) {
	r.restored = r.restored[:0]
	if r.left == 0 && !r.enter() {
		return sums
	}
	block := &r.blocks[r.next]
	n := min(int(r.left), wire.BatchSize)
	if r.links.resolve == nil && r.links.one.Form == Ethernet {
		sums = r.ethernet(b, block.data, n)
	} else {
		sums = r.any(b, block.data, n)
	}
	if len(b.Frames) == 0 { // no such block comes from a kernel
		r.leave()
		return sums
	}
	block.users.Add(1)
	b.SetOwner(block.handle)
	if len(b.Frames) < n { // nor does such a one
		r.left = uint32(len(b.Frames))
	}
	if r.left -= uint32(len(b.Frames)); r.left == 0 {
		r.leave()
	}
	return sums
}

// Restored returns which frames of the batch that was filled last had a VLAN tag
// that the kernel kept apart, and so the socket's filter has not seen. It is valid
// until the next Fill.
func (r *Ring) Restored() []uint8 { return r.restored }

// head returns the head of the packet at an offset of a block, nil where the
// packet is not within the block.
func head(data []byte, at int) *unix.Tpacket3Hdr {
	if uint(at) > uint(len(data)-headsEnd) {
		return nil
	}
	h := (*unix.Tpacket3Hdr)(unsafe.Pointer(&data[at]))
	if uint64(at)+uint64(h.Mac)+uint64(h.Snaplen) > uint64(len(data)) {
		return nil
	}
	return h
}

// ethernet fills a batch with n Ethernet frames of one interface, or as many as the
// block holds.
func (r *Ring) ethernet(b *wire.Batch, data []byte, n int) (sums Counts) {
	at, number, limit := r.at, r.links.one.Number, r.links.one.Limit
	octets, several := uint64(0), uint64(0)
	touch := byte(0) // of each packet's headers, so that they come to the cache while others do
	frames := b.Frames[:n]
	for i := range frames {
		h := head(data, at)
		if h == nil {
			frames = frames[:i]
			break
		}
		f := &frames[i]
		mac, length := at+int(h.Mac), int(h.Snaplen)
		f.Time = int64(h.Sec)*1e9 + int64(h.Nsec)
		f.Data = data[mac : mac+length : mac+length]
		if length > portsAt {
			touch |= data[mac+portsAt]
		}
		f.WireLen = h.Len
		f.LinkType = wire.LinkEthernet
		f.Interface = number
		f.Flags, f.VLAN = 0, 0
		if h.Status&unix.TP_STATUS_VLAN_VALID != 0 {
			r.restoreTag(f, h, data, at, i)
		}
		if h.Status&unix.TP_STATUS_GSO_TCP != 0 || h.Len > limit {
			f.Flags |= wire.Merged
			several++
		}
		octets += uint64(f.WireLen)
		at += int(h.Next_offset)
	}
	r.touch = touch
	r.at, b.Frames = at, frames
	return Counts{uint64(len(frames)), octets, several}
}

// restoreTag puts the VLAN tag back to where it was in the frame, for which the
// kernel has left room.
func (r *Ring) restoreTag(f *wire.Frame, h *unix.Tpacket3Hdr, data []byte, at, i int) {
	tpid := uint16(tag8021Q)
	if h.Status&unix.TP_STATUS_VLAN_TPID_VALID != 0 {
		tpid = h.Hv1.Vlan_tpid
	}
	f.WireLen += tagOctets
	r.restored = append(r.restored, uint8(i))
	if len(f.Data) < macs || int(h.Mac) < headsEnd+tagOctets {
		f.Flags |= wire.HasVLAN
		f.VLAN = uint16(h.Hv1.Vlan_tci)
		return
	}
	mac := at + int(h.Mac)
	end := mac + len(f.Data)
	f.Data = data[mac-tagOctets : end : end]
	copy(f.Data, data[mac:mac+macs])
	binary.BigEndian.PutUint16(f.Data[macs:], tpid)
	binary.BigEndian.PutUint16(f.Data[macs+2:], uint16(h.Hv1.Vlan_tci))
}

// any is ethernet for frames of any form and interface.
func (r *Ring) any(b *wire.Batch, data []byte, n int) (sums Counts) {
	at := r.at
	frames := b.Frames[:n]
	for i := range frames {
		h := head(data, at)
		if h == nil {
			frames = frames[:i]
			break
		}
		a := (*address)(unsafe.Pointer(&data[at+addressAt]))
		link := r.links.of(a)
		mac, length := at+int(h.Mac), int(h.Snaplen)
		f := &frames[i]
		f.Time = int64(h.Sec)*1e9 + int64(h.Nsec)
		f.Data = data[mac : mac+length : mac+length]
		f.WireLen = h.Len
		f.LinkType = link.Type
		f.Interface = link.Number
		f.Flags, f.VLAN = 0, 0
		if tagged := h.Status&unix.TP_STATUS_VLAN_VALID != 0; tagged && link.Form == Ethernet {
			r.restoreTag(f, h, data, at, i)
		} else if tagged {
			f.Flags |= wire.HasVLAN
			f.VLAN = uint16(h.Hv1.Vlan_tci)
			f.WireLen += tagOctets
		}
		if link.Form == Bare || link.Form == Cooked {
			withoutHeader(f, h, a, data, at, link.Form)
		}
		if h.Status&unix.TP_STATUS_GSO_TCP != 0 || h.Len > link.Limit {
			f.Flags |= wire.Merged
		}
		sums.Add(f)
		at += int(h.Next_offset)
	}
	r.at, b.Frames = at, frames
	return sums
}

// withoutHeader takes the link header off, and puts the one of a cooked capture in
// its place where that is needed to know what the packet is.
func withoutHeader(f *wire.Frame, h *unix.Tpacket3Hdr, a *address, data []byte, at int, form Form) {
	header := int(h.Net) - int(h.Mac)
	if header < 0 || header > len(f.Data) {
		header = 0
	}
	f.Data = f.Data[header:]
	f.WireLen -= min(uint32(header), f.WireLen)
	protocol := binary.BigEndian.Uint16(a.protocol[:])
	f.LinkType = wire.LinkRaw
	if form == Bare && (protocol == protoIPv4 || protocol == protoIPv6) {
		return
	}
	start := at + int(h.Mac) + header - sllOctets
	if start < at+headsEnd {
		return // the kernel leaves room for the longest header that there is
	}
	end := start + sllOctets + len(f.Data)
	f.Data = data[start:end:end]
	f.WireLen += sllOctets
	f.LinkType = wire.LinkLinuxSLL
	binary.BigEndian.PutUint16(f.Data, uint16(a.kind))
	binary.BigEndian.PutUint16(f.Data[2:], a.hardware)
	binary.BigEndian.PutUint16(f.Data[4:], uint16(a.size))
	copy(f.Data[6:14], a.octets[:])
	copy(f.Data[14:16], a.protocol[:])
}
