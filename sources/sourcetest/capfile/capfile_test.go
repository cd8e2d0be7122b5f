package capfile

import (
	"encoding/binary"
	"encoding/hex"
	"io"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"netramet/sources/internal/layout"
	"netramet/sources/sourcetest"
	"netramet/sources/wire"
)

// sample is 250 frames of odd lengths on two interfaces, cut to 90 octets.
func sample(t *testing.T) []wire.Frame {
	var frames []wire.Frame
	for i := range 250 {
		frames = append(frames, sourcetest.Frame(t, sourcetest.Ether("", ""), sourcetest.IPv4{},
			sourcetest.UDP{Src: 1, Dst: 2}, sourcetest.Payload(i), sourcetest.On(uint8(1+i/3%2)),
			sourcetest.At(time.Duration(i)*1_234_567_891), sourcetest.Snap(90)))
	}
	return frames
}

// packet is what a reader gives of a frame.
type packet struct {
	Time      int64
	Data      string
	WireLen   int
	Interface int
}

// expected is what a reader of the format should give.
func expected(f Format, frames []wire.Frame) []packet {
	var out []packet
	for _, fr := range frames {
		p := packet{fr.Time, string(fr.Data), int(fr.WireLen), int(fr.Interface)}
		if f.Micro {
			p.Time = p.Time / 1000 * 1000
		}
		if f.Timeless {
			p.Time = 0
		}
		if f.OneInterface {
			p.Interface = 1
		}
		out = append(out, p)
	}
	return out
}

// TestReadBack reads every format back with walks over the layouts of their
// specifications, which share nothing with the writers.
func TestReadBack(t *testing.T) {
	header := map[string]int{ // size of the record header
		"pcap": 16, "pcap-ns": 16,
		"pcap-modified": 24, "pcap-redhat61": 24, "pcap-suse63": 28, "pcap-nokia": 20,
	}
	frames := sample(t)
	for _, f := range Formats() {
		t.Run(f.Name, func(t *testing.T) {
			if f.Ethernet {
				t.Skip("read back by sources, whose readers are held against real ERF and snoop traces")
			}
			data, err := f.Encode(frames)
			if err != nil {
				t.Fatal(err)
			}
			var got []packet
			if name, be := strings.CutSuffix(f.Name, "-be"); header[name] == 0 {
				got = walkPcapng(t, data)
			} else if be {
				got = walkPcap(t, data, binary.BigEndian, header[name], !f.Micro)
			} else {
				got = walkPcap(t, data, binary.LittleEndian, header[name], !f.Micro)
			}
			if d := cmp.Diff(expected(f, frames), got); d != "" {
				t.Error(d)
			}
		})
	}
}

// walkPcap reads pcap with record headers of the given size.
func walkPcap(t *testing.T, data []byte, order binary.ByteOrder, header int, nano bool) (out []packet) {
	t.Helper()
	if snap, link := order.Uint32(data[16:]), order.Uint32(data[20:]); snap != 90 || link != 1 {
		t.Errorf("snap length %d, link type %d", snap, link)
	}
	unit := int64(1000)
	if nano {
		unit = 1
	}
	for data = data[24:]; len(data) > 0; {
		n := int(order.Uint32(data[8:]))
		if len(data) < header+n {
			t.Fatalf("%d octets left, want %d", len(data), header+n)
		}
		at := int64(order.Uint32(data))*1e9 + int64(order.Uint32(data[4:]))*unit
		out = append(out, packet{at, string(data[header : header+n]), int(order.Uint32(data[12:])), 1})
		data = data[header+n:]
	}
	return out
}

// ngInterface is what walkPcapng keeps of an interface description.
type ngInterface struct {
	snap       uint32
	resolution uint8
	offset     int64
}

// time converts a time stamp exactly, cutting off what is below a nanosecond.
func (in ngInterface) time(high, low uint32) int64 {
	v := new(big.Int).SetUint64(uint64(high)<<32 | uint64(low))
	unit := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(in.resolution)), nil)
	if in.resolution&0x80 != 0 {
		unit.Lsh(big.NewInt(1), uint(in.resolution&0x7f))
	}
	v.Mul(v, big.NewInt(1e9)).Quo(v, unit)
	return v.Int64() + in.offset*1e9
}

// walkPcapng reads pcapng; blocks it does not know hold no packets.
func walkPcapng(t *testing.T, data []byte) (out []packet) {
	t.Helper()
	var order binary.ByteOrder
	var ifs []ngInterface
	for len(data) > 0 {
		if binary.LittleEndian.Uint32(data) == layout.BlockSection {
			order, ifs = binary.LittleEndian, nil
			if data[8] == 0x1a {
				order = binary.BigEndian
			}
		}
		n := order.Uint32(data[4:])
		if n < 12 || n%4 != 0 || int(n) > len(data) || order.Uint32(data[n-4:]) != n {
			t.Fatalf("block of %d octets in %d", n, len(data))
		}
		kind, b := order.Uint32(data), data[8:n-4]
		data = data[n:]
		switch kind {
		case layout.BlockInterface:
			ifs = append(ifs, walkInterface(order, b))
		case layout.BlockEnhanced, layout.BlockOldPacket:
			id := order.Uint32(b)
			if kind == layout.BlockOldPacket {
				id = uint32(order.Uint16(b))
			}
			d := b[20 : 20+order.Uint32(b[12:])]
			at := ifs[id].time(order.Uint32(b[4:]), order.Uint32(b[8:]))
			out = append(out, packet{at, string(d), int(order.Uint32(b[16:])), int(id) + 1})
		case layout.BlockSimple:
			d := b[4 : 4+min(order.Uint32(b), ifs[0].snap)]
			out = append(out, packet{0, string(d), int(order.Uint32(b)), 1})
		}
	}
	return out
}

func walkInterface(order binary.ByteOrder, b []byte) ngInterface {
	in := ngInterface{snap: order.Uint32(b[4:]), resolution: 6}
	for o := b[8:]; len(o) >= 4; {
		code, size := order.Uint16(o), int(order.Uint16(o[2:]))
		switch value := o[4 : 4+size]; code {
		case layout.OptResolution:
			in.resolution = value[0]
		case layout.OptOffset:
			in.offset = int64(order.Uint64(value))
		}
		o = o[4+(size+3)&^3:]
	}
	return in
}

// TestOctets holds one record of each form against its octets.
func TestOctets(t *testing.T) {
	frame := wire.Frame{
		Time: 0x38231ff8*1e9 + 0xdba2*1000 + 7, WireLen: 0x5ee, LinkType: wire.LinkEthernet, Interface: 3,
		Data: []byte{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0xee},
	}
	const (
		body = "000000000000000000000000 0800 ee"
		head = "0200 0400 00000000 00000000 00000400 01000000"
	)
	for _, tc := range []struct{ name, want string }{
		{"pcap", "d4c3b2a1" + head + "f81f2338 a2db0000 0f000000 ee050000" + body},
		{"pcap-be", "a1b2c3d4 0002 0004 00000000 00000000 00040000 00000001 38231ff8 0000dba2 0000000f 000005ee" + body},
		{"pcap-ns", "4d3cb2a1" + head + "f81f2338 d7f05903 0f000000 ee050000" + body},
		{"pcap-modified", "34cdb2a1" + head + "f81f2338 a2db0000 0f000000 ee050000 03000000 0800 00 00" + body},
		{"pcap-redhat61", "d4c3b2a1" + head + "f81f2338 a2db0000 0f000000 ee050000 03000000 0800 00 00" + body},
		{"pcap-suse63", "34cdb2a1" + head + "f81f2338 a2db0000 0f000000 ee050000 03000000 0800 00 0000 000000" + body},
		{"pcap-nokia", "d4c3b2a1" + head + "f81f2338 a2db0000 0f000000 ee050000 00000000" + body},
		{"pcapng-us", "0a0d0d0a 1c000000 4d3c2b1a 0100 0000 ffffffffffffffff 1c000000" +
			"01000000 18000000 0100 0000 00000000 0000 0000 18000000" +
			"06000000 30000000 00000000 95580300 a2c98ef6 0f000000 ee050000" + body + "00 30000000"},
		{"pcapng-simple", "0a0d0d0a 1c000000 4d3c2b1a 0100 0000 ffffffffffffffff 1c000000" +
			"01000000 20000000 0100 0000 0f000000 0900 0100 09000000 0000 0000 20000000" +
			"03000000 20000000 ee050000" + body + "00 20000000"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			f, err := FormatByName(tc.name)
			if err != nil {
				t.Fatal(err)
			}
			in := Interface{LinkType: wire.LinkEthernet}
			if f.Timeless {
				in.SnapLen = 15
			}
			frame := frame
			if strings.HasPrefix(tc.name, "pcapng") {
				frame.Interface = 1
			}
			var out buffer
			w, err := f.New(&out, in)
			if err != nil {
				t.Fatal(err)
			}
			if err := w.Write(&frame); err != nil {
				t.Fatal(err)
			}
			if got, want := hex.EncodeToString(out), strings.ReplaceAll(tc.want, " ", ""); got != want {
				t.Errorf("octets\n%s, want\n%s", got, want)
			}
		})
	}
}

func TestRefusals(t *testing.T) {
	eth, raw := sourcetest.Frame(t, sourcetest.Ether("", "")), sourcetest.Frame(t, sourcetest.IPv4{})
	long, short := eth, eth
	long.WireLen = 1000
	short.Interface = 9
	simple := Pcapng{Block: SimpleBlock, Resolution: 9, Interfaces: []Interface{{}}}
	for _, tc := range []struct {
		name string
		try  func() error
		want string
	}{
		{"mixed links", func() error { _, err := Formats()[0].Encode([]wire.Frame{eth, raw}); return err }, "on one interface"},
		{"unknown format", func() error { _, err := FormatByName("tar"); return err }, "there are pcap, pcap-be"},
		{"unknown compression", func() error { _, err := CompressAll(nil, "rar"); return err }, "there are none, gzip"},
		{"no interface", func() error { _, err := Formats()[0].New(io.Discard); return err }, "0 interfaces"},
		{"nano patch", func() error { _, err := NewPcap(io.Discard, Pcap{Nano: true, Records: Nokia}); return err }, "no nanoseconds"},
		{"resolution", func() error { _, err := NewPcapng(io.Discard, Pcapng{Resolution: 20}); return err }, "finer than"},
		{"time too fine", func() error { return writeOne(Pcapng{Resolution: 19, Interfaces: []Interface{{}}}, eth) }, "does not fit"},
		{"binary too fine", func() error { return writeOne(Pcapng{Resolution: 0xbf, Interfaces: []Interface{{}}}, eth) }, "does not fit"},
		{"before offset", func() error { return writeOne(Pcapng{Offset: 1 << 32, Interfaces: []Interface{{}}}, eth) }, "before the offset"},
		{"foreign interface", func() error { return writeOne(simple, short) }, "interface 9 of 1"},
		{"cut simple block", func() error { return writeOne(simple, long) }, "would say 1000"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if err := tc.try(); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error %v, want one with %q", err, tc.want)
			}
		})
	}
}

func writeOne(o Pcapng, f wire.Frame) error {
	w, err := NewPcapng(io.Discard, o)
	if err != nil {
		return err
	}
	return w.Write(&f)
}
