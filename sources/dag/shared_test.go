package dag

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"

	"go.uber.org/goleak"

	"netramet/sources"
	"netramet/sources/sourcetest"
	"netramet/sources/sourcetest/capfile"
	"netramet/sources/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// errEnd is what a card of a test ends with.
var errEnd = errors.New("the card was pulled")

// ended is a source that ends as a trace does where its cards end with errEnd.
type ended struct {
	*Source
	end error
}

func (e ended) Read(b *wire.Batch) error {
	err := e.Source.Read(b)
	if errors.Is(err, e.end) && !errors.Is(err, sources.ErrDamaged) {
		return io.EOF
	}
	return err
}

// linear is memory that a card has written in full, and shows piece by piece. What
// is given back is poisoned.
type linear struct {
	t      testing.TB
	octets []byte
	write  int   // octets that come with one advance
	end    error // when all was shown; nil: silence
	most   int   // octets that were held at once, of which there may not be more; 0: no limit

	tail, head int
	silences   int // advances that bring nothing before each that does
	quiet      int
	closed     int
}

func (m *linear) Advance(released int) ([]byte, error) {
	if m.closed > 0 || released < 0 || m.tail+released > m.head {
		m.t.Errorf("%d octets are given back of %d, closed %d times", released, m.head-m.tail, m.closed)
	}
	for i := range released {
		m.octets[m.tail+i] = sourcetest.Poison
	}
	m.tail += released
	if m.quiet++; m.quiet <= m.silences {
		return m.octets[m.tail:m.head:m.head], nil
	}
	m.quiet = 0
	if m.head == len(m.octets) && m.end != nil {
		return nil, m.end
	}
	m.head = min(m.head+m.write, len(m.octets))
	if m.most > 0 {
		m.head = min(m.head, m.tail+m.most)
	}
	return m.octets[m.tail:m.head:m.head], nil
}

func (m *linear) Close() error {
	m.closed++
	return nil
}

// sourceOf is a source of streams of one card.
func sourceOf(memories ...memory) *Source {
	s := newSource(Options{Cards: []Card{{Device: "/dev/dag0"}}})
	s.pause, s.silence = 1, 4
	for i, m := range memories {
		s.addRing(fmt.Sprintf("/dev/dag0 stream %d", 2*i), m, 0, sources.FCSAsFormat)
	}
	return s
}

// record is an ERF record of a type and a port.
func record(typ, port uint8, at uint64, lost, onWire uint16, body []byte) []byte {
	b := binary.LittleEndian.AppendUint64(nil, at<<32)
	b = append(b, typ, 4|port)
	b = binary.BigEndian.AppendUint16(b, uint16(16+len(body)))
	b = binary.BigEndian.AppendUint16(b, lost)
	b = binary.BigEndian.AppendUint16(b, onWire)
	return append(b, body...)
}

// body is n octets that begin as told.
func body(n int, begin ...byte) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i * 7)
	}
	copy(b, begin)
	return b
}

// cards is what cards of all kinds write, of n records each.
func cards(n int) map[string][]byte {
	all := map[string][]byte{}
	const start = 1_000_000_000
	add := func(name string, r []byte) { all[name] = append(all[name], r...) }
	for i := range n {
		at, size := uint64(start+i), 40+i%97
		add("ethernet", record(2, uint8(i%4), at, uint16(i%3), uint16(size+4), body(size+6)))
		add("coloured ethernet", record(11, uint8(i%2), at, 0xbeef, uint16(size+4), body(size+6)))
		add("pos", record(1, uint8(i%2), at, 0, uint16(size), body(size, 0xff, 3, 0, 0x21)))
		add("hdlc", record(1, uint8(i%2), at, 0, uint16(size), body(size, 0x0f, 0, 8, 0)))
		add("aal5", record(4, 0, at, 0, uint16(size), body(size, 0, 0xa0, 6, 0x70)))
		cell := body(52, 0, 0xa0, 6, byte(i%3/2*2), 0xaa, 0xaa, 3)
		if i%3 != 0 {
			cell[4] = 1 // no first one
		}
		add("atm", record(3, 0, at, 1, 53, cell))
		add("mixed", record(2, uint8(i%4), at, 0, uint16(size+4), body(size+6)))
		add("mixed", record(48, 0, 0, 0, 0, body(8*(i%5))))
		add("mixed", record(1|0x80, 1, at, 0, uint16(size), body(size+8, 5, 0, 0, 0, 0, 0, 0, 0, 0xff, 3, 0, 0x21)))
		add("mixed", record(3, 2, at, 0, 53, cell))
		add("mixed", record(24, 0, at, 0, 10, body(10))) // not read
	}
	return all
}

// ofFile is what reading the records as a file gives.
func ofFile(t testing.TB, octets []byte) ([]wire.Frame, wire.SourceStats) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file.erf")
	if err := os.WriteFile(path, octets, 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := sources.Open("erf:"+path, sources.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	frames, err := readAll(s)
	if err != io.EOF {
		t.Fatal(err)
	}
	return frames, s.Stats()
}

// readAll reads up to an error, in copies.
func readAll(s sourcetest.Source) (all []wire.Frame, err error) {
	var b wire.Batch
	for err == nil {
		err = s.Read(&b)
		for _, f := range b.Frames {
			f.Data = append([]byte(nil), f.Data...)
			all = append(all, f)
		}
	}
	b.Release()
	return all, err
}

// same compares frames with what they must be.
func same(t *testing.T, got, want []wire.Frame) {
	t.Helper()
	for i := range min(len(got), len(want)) {
		if d := sourcetest.Difference(got[i], want[i]); d != "" {
			t.Fatalf("frame %d: %s", i+1, d)
		}
	}
	if len(got) != len(want) {
		t.Fatalf("%d frames, want %d", len(got), len(want))
	}
}

// ethernet is n frames and a card's records of them.
func ethernet(t testing.TB, n int) (frames []wire.Frame, octets []byte) {
	t.Helper()
	for i := range n {
		size := 60 + i%37
		frames = append(frames, wire.Frame{
			Time: int64(1_000_000_000+i) * 1e9, Data: body(size, byte(i), byte(i>>8)), WireLen: uint32(size),
			LinkType: wire.LinkEthernet, Interface: uint8(1 + i%4),
		})
	}
	erf, err := capfile.FormatByName("erf")
	if err != nil {
		t.Fatal(err)
	}
	if octets, err = erf.Encode(frames); err != nil {
		t.Fatal(err)
	}
	return frames, octets
}
