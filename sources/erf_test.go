package sources

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/iotest"

	"netramet/sources/wire"
)

// erfRec is an ERF record with given lengths, whatever body has.
func erfRec(typ, flags uint8, length, lost, onWire uint16, body ...byte) []byte {
	b := binary.LittleEndian.AppendUint64(nil, uint64(t0)<<32|1<<31)
	b = append(b, typ, flags)
	b = binary.BigEndian.AppendUint16(b, length)
	b = binary.BigEndian.AppendUint16(b, lost)
	b = binary.BigEndian.AppendUint16(b, onWire)
	return append(b, body...)
}

// erfWhole is a record whose length is that of its body.
func erfWhole(typ, flags uint8, lost, onWire uint16, body ...byte) []byte {
	return erfRec(typ, flags, uint16(erfHeaderLen+len(body)), lost, onWire, body...)
}

// reading is what a test compares of a trace that was read.
func reading(t *testing.T, uri string, data []byte) string {
	t.Helper()
	s, err := Open(uri, Options{Stdin: bytes.NewReader(data)})
	if err != nil {
		return err.Error()
	}
	defer s.Close()
	frames, err := readAll(s)
	var out strings.Builder
	for _, f := range frames {
		fmt.Fprintf(&out, "%v/%d:%d,%d ", f.LinkType, f.Interface, f.WireLen, len(f.Data))
	}
	st := s.Stats()
	if st.Dropped+st.Odd+st.Skipped > 0 {
		fmt.Fprintf(&out, "dropped %d odd %d skipped %d ", st.Dropped, st.Odd, st.Skipped)
	}
	if err != io.EOF {
		fmt.Fprintf(&out, "%v", err)
	}
	return strings.TrimSpace(out.String())
}

func TestErf(t *testing.T) {
	eth := octets(62, 1)    // two octets of offset and pad, 60 of a frame
	cellOf := octets(52, 1) // header and payload
	copy(cellOf, []byte{0, 0xa0, 0x06, 0x70, 0xaa, 0xaa, 3})
	for _, tt := range []struct {
		name string
		data []byte
		want string
	}{
		{"Ethernet", erfWhole(2, 4, 0, 64, eth...), "ethernet/1:60,60"},
		{"port 3 and losses", join(erfWhole(2, 7, 5, 64, eth...), erfWhole(2, 4, 2, 64, eth...)), "ethernet/4:60,60 ethernet/1:60,60 dropped 7 odd 0 skipped 0"},
		{"a coloured record has no loss counter", erfWhole(11, 4, 5, 64, eth...), "ethernet/1:60,60"},
		{"cut", erfWhole(2, 4, 0, 1518, eth...), "ethernet/1:1514,60"},
		{"padded", erfWhole(2, 4, 0, 58, eth...), "ethernet/1:54,54"},
		{"wire length below captured", erfWhole(2, 4, 0, 20, eth...), "ethernet/1:16,56 dropped 0 odd 1 skipped 0"},
		{"PPP", erfWhole(1, 4, 0, 44, 0xff, 3, 0, 0x21), "ppp-hdlc/1:44,4"},
		{"Cisco HDLC", erfWhole(1, 4, 0, 44, 0x0f, 0, 8, 0), "chdlc/1:44,4"},
		{"HDLC of a channel", erfWhole(5, 4, 0, 44, 0, 0, 0, 9, 0x0f, 0, 8, 0), "chdlc/1:44,4"},
		{"an ATM cell", erfWhole(3, 4, 0, 52, cellOf...), "atm/1:52,52"},
		{"an ATM cell of a channel", erfWhole(7, 4, 0, 52, append([]byte{0, 0, 0, 9}, cellOf...)...), "atm/1:52,52"},
		{"an AAL5 frame", erfWhole(4, 4, 0, 60, cellOf...), "atm/1:60,52"},
		{"IPv4 and IPv6", join(erfWhole(22, 4, 0, 40, octets(40, 1)...), erfWhole(23, 4, 0, 40, octets(40, 1)...)), "ipv4/1:40,40 ipv6/1:40,40"},
		{"extension headers", erfWhole(0x80|2, 4, 0, 64, join([]byte{0x85, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0}, eth)...), "ethernet/1:60,60"},
		{"no packets", join(erfWhole(27, 0, 9, 0, octets(16, 1)...), erfWhole(48, 0, 9, 0, octets(8, 1)...), erfWhole(2, 4, 0, 64, eth...)), "ethernet/1:60,60"},
		{"not read", join(erfWhole(6, 0, 0, 0, octets(16, 1)...), erfWhole(2, 4, 0, 64, eth...)), "ethernet/1:60,60 dropped 0 odd 0 skipped 1"},
		{"record length below the header", join(erfWhole(2, 4, 0, 64, eth...), erfRec(2, 4, 8, 0, 64, eth...)), "ethernet/1:60,60 standard input: erf: offset 78: damaged: record length 8 is below that of its headers"},
		{"record length below the extension headers", erfRec(0x80|2, 4, 20, 0, 64, octets(60, 0x80)...), "standard input: erf: offset 0: damaged: record length 20 is below that of its headers"},
		{"extension headers without an end", erfRec(0x80|2, 4, 1000, 0, 64, bytes.Repeat([]byte{0x80}, 984)...), "standard input: erf: offset 0: damaged: more than 16 extension headers"},
		{"unknown type", join(erfWhole(2, 4, 0, 64, eth...), erfWhole(100, 4, 0, 64, eth...)), "ethernet/1:60,60 standard input: erf: offset 78: damaged: record type 100 is not one of ERF"},
		{"zeros behind", join(erfWhole(2, 4, 0, 64, eth...), make([]byte, 64)), "ethernet/1:60,60 standard input: erf: offset 78: damaged: record type 0 is not one of ERF"},
		{"cut short", erfWhole(2, 4, 0, 64, eth...)[:50], "standard input: erf: offset 0: damaged: the trace ends inside a record: unexpected EOF"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := reading(t, "erf:-", tt.data); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

// TestErfTime: 32 bits of fraction are rounded to nanoseconds.
func TestErfTime(t *testing.T) {
	for _, tt := range []struct {
		stamp uint64
		want  int64
	}{
		{1 << 32, 1_000_000_000},
		{1<<32 | 1<<31, 1_500_000_000},
		{0xffffffff, 1_000_000_000},
		{2, 0}, {3, 1}, // 0.47 and 0.70 ns
		{0xffffffff_ffffffff, 4294967296 * 1_000_000_000},
	} {
		if got := fixedPointTime(tt.stamp); got != tt.want {
			t.Errorf("%#x: %d, want %d", tt.stamp, got, tt.want)
		}
	}
}

// TestGuess: traces without a magic number are recognised by their records, and
// other data is not taken for one.
func TestGuess(t *testing.T) {
	eth := octets(62, 1)
	tsh := func(ihl byte) []byte {
		r := binary.BigEndian.AppendUint32(nil, t0)
		r = append(r, 2, 0, 1, 2, ihl, 0, 5, 0x8c)
		return append(r, octets(32, 1)...)
	}
	legacy := func(head ...byte) []byte {
		r := binary.LittleEndian.AppendUint64(nil, uint64(t0)<<32)
		r = append(r, head...)
		return append(r, octets(64-len(r), 0x40)...)
	}
	ether := legacy(60, 0, 1, 2, 3, 4, 5, 6, 1, 2, 3, 4, 5, 6, 8, 0)
	pos := legacy(0, 0, 0, 64, 0, 0, 0, 46, 0xff, 3, 0, 0x21)
	atm := legacy(0, 0, 0, 0, 0, 0xa0, 6, 0x70, 0xaa, 0xaa, 3, 0, 0, 0, 8, 0)
	nzix := func(clock, wireLen uint32) []byte { return nzixRecord(clock, wireLen, etherIP) }
	for _, tt := range []struct {
		name string
		data []byte
		want string
	}{
		{"erf", join(erfWhole(2, 4, 0, 64, eth...), erfWhole(2, 4, 0, 64, eth...)), "ethernet/1:60,60 ethernet/1:60,60"},
		{"tsh", join(tsh(0x45), tsh(0x46)), "raw/2:36,36 raw/2:36,36"},
		{"legacyeth", join(ether, ether), "ethernet/1:60,54 ethernet/1:60,54"},
		{"legacypos", join(pos, pos), "ppp-hdlc/1:46,46 ppp-hdlc/1:46,46"},
		{"nzix", join(nzix(0, 60), nzix(1, 0), nzix(2, 1500)), "ethernet/1:60,54 ethernet/1:1500,54"},
		{"legacyatm", join(atm, atm), "atm/1:52,52 atm/1:52,52"},
		{"text", bytes.Repeat([]byte("some text, a line of it\n"), 100), "not a trace of a known format"},
		{"zeros", make([]byte, 5000), "not a trace of a known format"},
		{"a table whose ninth octet is a tab", []byte("protocol\tpackets\toctets\nip\t1\t100\n"), "not a trace of a known format"},
		{"64 octets of text", []byte(strings.Repeat("some words of text, and more of them: no cell. ", 2)[:64]), "not a trace of a known format"},
		{"a record of erf and then noise", join(erfWhole(2, 4, 0, 64, eth...), octets(100, 200)), "not a trace of a known format"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := reading(t, "-", tt.data); !strings.Contains(got, tt.want) {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
			if got := reading(t, tt.name+":-", tt.data); len(tt.name) <= 9 && strings.Contains(tt.want, "/") && !strings.Contains(got, tt.want) {
				t.Errorf("on demand: got  %s\nwant %s", got, tt.want)
			}
		})
	}
	r := tsh(0x47)
	if s, err := Open("tsh:-", Options{Stdin: bytes.NewReader(r)}); err != nil {
		t.Fatal(err)
	} else if got, _ := readAll(s); len(got) != 1 || got[0].Data[0] != 0x45 || got[0].Flags != wire.NoFrameLen {
		t.Errorf("options that are left out: %+v", got)
	}
}

func TestSnoop(t *testing.T) {
	head := join([]byte("snoop\x00\x00\x00"), []byte{0, 0, 0, 2, 0, 0, 0, 4})
	rec := func(onWire, captured, length, drops uint32, data []byte) []byte {
		var b []byte
		for _, n := range []uint32{onWire, captured, length, drops, t0, 5} {
			b = binary.BigEndian.AppendUint32(b, n)
		}
		return append(b, data...)
	}
	for _, tt := range []struct {
		name string
		data []byte
		want string
	}{
		{"whole and cut", join(rec(60, 60, 84, 0, octets(60, 1)), rec(100, 59, 84, 3, octets(60, 1))), "ethernet/1:60,60 ethernet/1:100,59 dropped 3 odd 0 skipped 0"},
		{"drops add up", join(rec(60, 60, 84, 4, octets(60, 1)), rec(60, 60, 84, 6, octets(60, 1))), "ethernet/1:60,60 ethernet/1:60,60 dropped 6 odd 0 skipped 0"},
		{"record length below what it holds", rec(60, 60, 80, 0, octets(60, 1)), "standard input: snoop: offset 16: damaged: record length 80 is below that of its header and the 60 octets captured"},
		{"captured length of a gigabyte", rec(1<<30, 1<<30, 1<<30+24, 0, nil), "standard input: snoop: offset 16: damaged: captured length 1073741824 is above the limit of 1048576"},
		{"record length of a gigabyte", rec(60, 60, 1<<30, 0, nil), "standard input: snoop: offset 16: damaged: record length 1073741824 is above the limit of 1048600"},
		{"cut short", rec(60, 60, 84, 0, octets(50, 1)), "standard input: snoop: offset 16: damaged: the trace ends inside a record: unexpected EOF"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := reading(t, "-", join(head, tt.data)); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

func FuzzErf(f *testing.F) {
	f.Add(join(erfWhole(2, 4, 1, 64, octets(62, 1)...), erfWhole(0x80|1, 4, 1, 64, octets(62, 1)...)))
	f.Add(join(erfWhole(3, 4, 0, 52, octets(52, 1)...), erfWhole(3, 4, 0, 52, octets(52, 3)...), erfWhole(4, 4, 0, 60, octets(52, 1)...)))
	f.Fuzz(func(t *testing.T, data []byte) { fuzzDemanded(t, "erf:-", data) })
}

func FuzzFixed(f *testing.F) {
	for i := range 4 {
		f.Add(byte(i), octets(128, byte(i)))
	}
	f.Fuzz(func(t *testing.T, which byte, data []byte) {
		fuzzDemanded(t, []string{"tsh:-", "legacyatm:-", "legacyeth:-", "legacypos:-", "nzix:-"}[which%5], data)
	})
}

func FuzzSnoop(f *testing.F) {
	f.Add(join([]byte("snoop\x00\x00\x00"), []byte{0, 0, 0, 2, 0, 0, 0, 4, 0, 0, 0, 20, 0, 0, 0, 20, 0, 0, 0, 44, 0, 0, 0, 1, 0, 0, 0, 9, 0, 0, 0, 9}, octets(20, 1)))
	f.Fuzz(func(t *testing.T, data []byte) { fuzzDemanded(t, "snoop:-", data) })
}

// fuzzDemanded reads data as a format, whole and octet by octet.
func fuzzDemanded(t *testing.T, uri string, data []byte) {
	all, _, err := readSomeOf(t, uri, bytes.NewReader(data))
	slow, _, slowErr := readSomeOf(t, uri, iotest.HalfReader(iotest.OneByteReader(bytes.NewReader(data))))
	same(t, "octet by octet", all, slow, err, slowErr)
}

// TestGuessText: no text of any kind is taken for a trace, whatever stands where.
func TestGuessText(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	const signs = "abcdefghijklmnopqrstuvwxyz      \t\t\n\n0123456789.,;:-_#/()"
	for range 20_000 {
		text := make([]byte, 16+rnd.IntN(600))
		for i := range text {
			text[i] = signs[rnd.IntN(len(signs))]
		}
		if f := formatByGuess(text); f != nil {
			t.Fatalf("%q is taken for %s", text, f.name)
		}
	}
}
