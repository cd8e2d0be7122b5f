package sources

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"

	"netramet/sources/wire"
)

// The builders here write files octet by octet, also wrong ones, for tests.

// order is a byte order to write in.
type order interface {
	binary.ByteOrder
	binary.AppendByteOrder
}

var (
	le order = binary.LittleEndian
	be order = binary.BigEndian
)

// pcapHead is a pcap file header.
func pcapHead(o order, magic uint32, major, minor uint16, snap, link uint32) []byte {
	b := o.AppendUint32(nil, magic)
	b = o.AppendUint16(b, major)
	b = o.AppendUint16(b, minor)
	b = o.AppendUint32(b, 0)
	b = o.AppendUint32(b, 0)
	b = o.AppendUint32(b, snap)
	return o.AppendUint32(b, link)
}

// pcapRec is a pcap record: four numbers, the variant's extra octets, data.
func pcapRec(o order, sec, frac, first, second uint32, extra []byte, data []byte) []byte {
	b := o.AppendUint32(nil, sec)
	b = o.AppendUint32(b, frac)
	b = o.AppendUint32(b, first)
	b = o.AppendUint32(b, second)
	b = append(b, extra...)
	return append(b, data...)
}

// ngBlock is a pcapng block around a body, which it pads.
func ngBlock(o order, typ uint32, body ...[]byte) []byte {
	all := join(body...)
	for len(all)%4 != 0 {
		all = append(all, 0)
	}
	n := uint32(len(all) + 12)
	b := o.AppendUint32(nil, typ)
	b = o.AppendUint32(b, n)
	b = append(b, all...)
	return o.AppendUint32(b, n)
}

func ngSection(o order) []byte {
	body := o.AppendUint32(nil, byteOrderMagic)
	body = o.AppendUint16(body, 1)
	body = o.AppendUint16(body, 0)
	return ngBlock(o, blockSection, o.AppendUint64(body, 1<<64-1))
}

func ngOption(o order, code uint16, value ...byte) []byte {
	b := o.AppendUint16(nil, code)
	b = o.AppendUint16(b, uint16(len(value)))
	b = append(b, value...)
	for len(b)%4 != 0 {
		b = append(b, 0)
	}
	return b
}

func ngInterfaceBlock(o order, link uint16, snap uint32, options ...[]byte) []byte {
	b := o.AppendUint16(nil, link)
	b = o.AppendUint16(b, 0)
	b = o.AppendUint32(b, snap)
	return ngBlock(o, blockInterface, b, join(options...))
}

func ngEnhanced(o order, id uint32, stamp uint64, wireLen uint32, data []byte, options ...[]byte) []byte {
	b := o.AppendUint32(nil, id)
	return ngBlock(o, blockEnhanced, ngPacketBody(o, b, stamp, wireLen, data), join(options...))
}

func ngOld(o order, id uint16, stamp uint64, wireLen uint32, data []byte, options ...[]byte) []byte {
	b := o.AppendUint16(nil, id)
	b = o.AppendUint16(b, 7) // drops
	return ngBlock(o, blockPacket, ngPacketBody(o, b, stamp, wireLen, data), join(options...))
}

func ngPacketBody(o order, b []byte, stamp uint64, wireLen uint32, data []byte) []byte {
	b = o.AppendUint32(b, uint32(stamp>>32))
	b = o.AppendUint32(b, uint32(stamp))
	b = o.AppendUint32(b, uint32(len(data)))
	b = o.AppendUint32(b, wireLen)
	b = append(b, data...)
	for len(b)%4 != 0 {
		b = append(b, 0)
	}
	return b
}

func ngSimple(o order, wireLen uint32, data []byte) []byte {
	return ngBlock(o, blockSimple, o.AppendUint32(nil, wireLen), data)
}

func join(parts ...[]byte) []byte {
	var all []byte
	for _, p := range parts {
		all = append(all, p...)
	}
	return all
}

// octets returns n octets that look like no header.
func octets(n int, first byte) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = first + byte(i)*7
	}
	return b
}

// frame is a frame as a reader must hand it over.
func frame(at int64, data []byte, wireLen uint32, link wire.LinkType, in uint8) wire.Frame {
	return wire.Frame{Time: at, Data: data, WireLen: wireLen, LinkType: link, Interface: in}
}

// save writes a file into the test's own folder.
func save(tb testing.TB, name string, data []byte) string {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		tb.Fatal(err)
	}
	return path
}

// manyFrames returns n frames of size octets and more, snapped to snap.
func manyFrames(n, size, snap int) []wire.Frame {
	var all []wire.Frame
	for i := range n {
		w := size + i%37
		data := octets(min(w, snap), byte(i))
		all = append(all, frame(int64(1_000_000_000+i)*1_000_000_000+int64(i%1000)*1000, data, uint32(w), wire.LinkEthernet, 1))
	}
	return all
}

// pcapOf writes frames as a plain pcap file.
func pcapOf(frames []wire.Frame) []byte {
	b := pcapHead(le, pcapMicro, 2, 4, 65535, 1)
	for _, f := range frames {
		b = append(b, pcapRec(le, uint32(f.Time/1e9), uint32(f.Time%1e9/1000), uint32(len(f.Data)), f.WireLen, nil, f.Data)...)
	}
	return b
}

// pcapngOf writes frames as a pcapng file with nanoseconds.
func pcapngOf(frames []wire.Frame) []byte {
	b := join(ngSection(le), ngInterfaceBlock(le, 1, 0, ngOption(le, optIfTsResol, 9)))
	for _, f := range frames {
		b = append(b, ngEnhanced(le, 0, uint64(f.Time), f.WireLen, f.Data)...)
	}
	return b
}
