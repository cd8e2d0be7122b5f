package sources

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"maps"
	"slices"

	"netramet/sources/wire"
)

const (
	// cellLen is an ATM cell without the octet that checks its header: four
	// octets of header and 48 of payload.
	cellLen     = 52
	cellHeader  = 4
	cellPayload = cellLen - cellHeader
	// aal5Trailer ends an AAL5 frame: two octets for users, its length, and a
	// check sequence (ITU-T I.363.5).
	aal5Trailer = 8
	// maxAAL5 is the longest AAL5 frame, with padding and trailer.
	maxAAL5 = (65535 + aal5Trailer + cellPayload - 1) / cellPayload * cellPayload
	// maxChannels is how many virtual channels may have frames begun; cells of
	// further ones are taken for first ones.
	maxChannels = 4096
)

// cell is one ATM cell as a record has it; data may be cut.
type cell struct {
	at     int64
	data   []byte
	number uint8 // of the interface
}

// header is the cell's header: VPI, VCI, payload type and priority.
func (c cell) header() uint32 { return binary.BigEndian.Uint32(c.data) }

// last reports whether the cell ends an AAL5 frame.
func (c cell) last() bool { return c.data[3]&0x02 != 0 }

// user reports whether the cell carries users' data: neither management nor
// signalling.
func (c cell) user() bool { return c.data[3]&0x08 == 0 && c.header()>>4&0xffff >= 32 }

// cells makes frames of the cells of AAL5 frames.
//
// Many traces hold only the first cell of each frame, which has the headers that
// matter. So a channel's first cell is handed over at once as the frame it
// begins. Where cells follow that cannot begin a frame, the trace has them all,
// and from then on the frames of that channel are put together: they come with
// the last cell, and its time. A frame whose end is missing is handed over as
// far as it is there. Its length on the wire is not known.
type cells struct {
	channels map[channelKey]*channel
}

type channelKey struct {
	header uint32 // VPI and VCI
	number uint8
}

// channel is one virtual channel with a frame begun.
type channel struct {
	whole bool   // the trace has all cells of the channel
	open  bool   // a frame has begun and not ended
	at    int64  // of the newest cell of a frame that is put together
	frame []byte // the first cell's header and the payloads; empty if it was handed over
}

// add takes a cell and appends the frames that it begins or ends. There must be
// room for two.
func (s *cells) add(b *wire.Batch, count *wire.SourceStats, c cell) {
	if len(c.data) < cellHeader {
		count.Skipped++
		return
	}
	if !c.user() {
		return
	}
	key := channelKey{c.header() >> 4, c.number}
	ch := s.channels[key]
	if ch == nil {
		if len(s.channels) >= maxChannels {
			handOver(b, count, c.at, c.data, c.number)
			return
		}
		if s.channels == nil {
			s.channels = map[channelKey]*channel{}
		}
		ch = &channel{}
		s.channels[key] = ch
	}
	begins := !ch.open || beginsFrame(c.data[cellHeader:])
	if begins && ch.open {
		ch.whole = len(ch.frame) > cellLen // or the trace has first cells only
		ch.end(b, count, c.number)
	}
	switch {
	case !begins:
		ch.whole = true
		if n := len(ch.frame); n > 0 && n-cellHeader+cellPayload <= maxAAL5 {
			ch.frame = append(ch.frame, c.data[cellHeader:]...)
		}
	case ch.whole && len(c.data) == cellLen:
		ch.frame = append(make([]byte, 0, 2*cellLen), c.data...)
	default:
		handOver(b, count, c.at, c.data, c.number)
	}
	ch.open, ch.at = !c.last(), c.at
	if c.last() {
		ch.end(b, count, c.number)
	}
}

// end hands over what is there of a frame that is put together.
func (ch *channel) end(b *wire.Batch, count *wire.SourceStats, number uint8) {
	frame := ch.frame
	if ch.frame = nil; len(frame) == 0 {
		return
	}
	if n := len(frame) - cellHeader; n >= cellPayload {
		length := int(binary.BigEndian.Uint16(frame[len(frame)-6:]))
		if pad := n - aal5Trailer - length; pad >= 0 && pad < cellPayload && !ch.open {
			frame = frame[:cellHeader+length]
		}
	}
	handOver(b, count, ch.at, frame, number)
}

// flush hands over the frames whose end is missing, at the end of the trace, as
// many as there is room for.
func (s *cells) flush(b *wire.Batch, count *wire.SourceStats) {
	keys := slices.SortedFunc(maps.Keys(s.channels), func(a, b channelKey) int {
		return cmp.Or(cmp.Compare(a.number, b.number), cmp.Compare(a.header, b.header))
	})
	for _, k := range keys {
		if len(b.Frames) == wire.BatchSize {
			return
		}
		s.channels[k].end(b, count, k.number)
	}
}

// handOver appends a frame of ATM: a cell's header and an AAL5 frame.
func handOver(b *wire.Batch, count *wire.SourceStats, at int64, data []byte, number uint8) {
	count.Octets += uint64(len(data))
	b.Frames = append(b.Frames, wire.Frame{
		Time: at, Data: data, WireLen: uint32(len(data)), LinkType: wire.LinkATM, Interface: number, Flags: wire.NoFrameLen,
	})
}

// beginsFrame reports whether a payload can only be the start of a frame: an LLC
// header of RFC 2684, or an IPv4 header that its checksum bears out.
func beginsFrame(p []byte) bool {
	switch {
	case bytes.HasPrefix(p, []byte{0xaa, 0xaa, 0x03}), bytes.HasPrefix(p, []byte{0xfe, 0xfe, 0x03}):
		return true
	case len(p) < 20 || p[0] != 0x45:
		return false
	}
	sum := uint32(0)
	for i := 0; i < 20; i += 2 {
		sum += uint32(binary.BigEndian.Uint16(p[i:]))
	}
	return sum>>16+sum&0xffff == 0xffff
}
