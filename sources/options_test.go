package sources

import (
	"bytes"
	"fmt"
	"io"
	"testing"

	"netramet/sources/wire"
)

// TestFCS: what the user says of Ethernet frames' check sequences goes before
// what the trace says; other link types keep to the trace.
func TestFCS(t *testing.T) {
	const said4 = 4<<27 | 1<<26 // in a pcap header: two units of 16 bits
	data := octets(64, 1)
	pcap := func(link uint32) []byte {
		return join(pcapHead(le, pcapMicro, 2, 4, 65535, link), pcapRec(le, t0, 5, 64, 64, nil, data))
	}
	ng := func(link uint16) []byte {
		return join(ngSection(le), ngInterfaceBlock(le, link, 0, ngOption(le, optIfFCSLen, 4)), ngEnhanced(le, 0, 5, 64, data))
	}
	for _, tt := range []struct {
		name  string
		trace []byte
		fcs   FCS
		want  uint32
	}{
		{"pcap that says nothing", pcap(1), FCSAsFormat, 64},
		{"pcap that says nothing, four", pcap(1), FCSFour, 60},
		{"pcap that says four", pcap(said4 | 1), FCSAsFormat, 60},
		{"pcap that says four, four", pcap(said4 | 1), FCSFour, 60},
		{"pcap that says four, none", pcap(said4 | 1), FCSNone, 64},
		{"pcap of raw IP, four", pcap(101), FCSFour, 64},
		{"pcapng that says four", ng(1), FCSAsFormat, 60},
		{"pcapng that says four, none", ng(1), FCSNone, 64},
		{"pcapng that says four, four", ng(1), FCSFour, 60},
		{"pcapng of raw IP that says four, none", ng(101), FCSNone, 60},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, err := Open("-", Options{Stdin: bytes.NewReader(tt.trace), FCS: tt.fcs})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			got, err := readAll(s)
			if err != io.EOF || len(got) != 1 {
				t.Fatalf("%d frames, %v", len(got), err)
			}
			if got[0].WireLen != tt.want || len(got[0].Data) != int(tt.want) {
				t.Errorf("%d octets, %d captured, want %d", got[0].WireLen, len(got[0].Data), tt.want)
			}
		})
	}
}

// TestFirstInterface: interfaces are numbered from where the caller says, in
// order of appearance, and no number is used twice.
func TestFirstInterface(t *testing.T) {
	ng := join(ngSection(le), ngInterfaceBlock(le, 1, 0), ngInterfaceBlock(le, 1, 0))
	for _, id := range []uint32{1, 0, 1} {
		ng = append(ng, ngEnhanced(le, id, 5, 20, octets(20, 1))...)
	}
	for _, tt := range []struct {
		name  string
		trace []byte
		first uint8
		want  string
	}{
		{"pcap", pcapOf(manyFrames(2, 60, 60)), 0, "[1 1] EOF"},
		{"pcap after two", pcapOf(manyFrames(2, 60, 60)), 3, "[3 3] EOF"},
		{"pcapng", ng, 0, "[1 2 1] EOF"},
		{"pcapng after two", ng, 3, "[3 4 3] EOF"},
		{"pcapng without room", ng, 255, "[255] standard input: pcapng: offset 120: more than 255 interfaces carry packets"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, err := Open("-", Options{Stdin: bytes.NewReader(tt.trace), FirstInterface: tt.first})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			frames, err := readAll(s)
			var numbers []uint8
			for _, f := range frames {
				numbers = append(numbers, f.Interface)
			}
			got := fmt.Sprintf("%v %v", numbers, err)
			if got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

// TestDecodersClose: a trace's decoders are closed once, when it is, also
// during a Read, and not before.
func TestDecodersClose(t *testing.T) {
	closed := 0
	d := closeCounter{&closed}
	u := unwrapped{decoders: []io.Closer{d, d}}
	u.close()
	u.close()
	if closed != 2 {
		t.Errorf("%d calls of Close, want 2", closed)
	}

	file := pack(t, pcapOf(manyFrames(1000, 60, 60)), "gzip")
	s, err := Open("-", Options{Stdin: bytes.NewReader(file)})
	if err != nil {
		t.Fatal(err)
	}
	tr, count := s.(*trace), 0
	tr.packed.decoders = append(tr.packed.decoders, closeCounter{&count})
	var b wire.Batch
	if err := s.Read(&b); err != nil || count != 0 {
		t.Fatalf("Read: %v, decoders closed %d times", err, count)
	}
	tr.begin() // as if a Read went on
	s.Close()
	if count != 0 {
		t.Error("decoders closed during a Read")
	}
	tr.finish()
	s.Close()
	if count != 1 {
		t.Errorf("decoders closed %d times", count)
	}
}

type closeCounter struct{ n *int }

func (c closeCounter) Close() error { *c.n++; return nil }
