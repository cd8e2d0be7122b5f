package join

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"netramet/sources"
	"netramet/sources/wire"
)

// on puts frames on interfaces, in turn.
func on(frames []wire.Frame, numbers ...uint8) []wire.Frame {
	for i := range frames {
		frames[i].Interface = numbers[i%len(numbers)]
	}
	return frames
}

// TestNumbers: files of one capture share the numbers of what they describe alike;
// those of several captures share none.
func TestNumbers(t *testing.T) {
	plain := encode(t, "pcap", framesAt(1, 0, 10))
	raw := framesAt(1, 0, 10)
	for i := range raw {
		raw[i].LinkType = wire.LinkRaw
	}
	named := func(mark byte, order []uint8, names ...string) []byte {
		return pcapng(t, on(framesAt(mark, 0, 10), order...), names...)
	}
	ab, ba := named(1, []uint8{1, 2}, "eth0", "eth1"), named(2, []uint8{2, 1}, "eth0", "eth1")
	for _, tt := range []struct {
		name     string
		files    [][]byte
		captures []int // nil: all one
		order    Order
		want     string
		names    []string
	}{
		{"cut from one capture, unnamed", [][]byte{plain, plain, plain}, nil, Sequence, "[1 1 1 1 1 1]", []string{""}},
		{"cut from one capture, other operands", [][]byte{plain, plain}, []int{0, 1}, Sequence, "[1 1 1 1]", []string{""}},
		{"another link type", [][]byte{plain, encode(t, "pcap", raw)}, nil, Sequence, "[1 1 2 2]", []string{"", ""}},
		{"named, whichever comes first", [][]byte{ab, ba}, nil, Sequence, "[1 2 2 1]", []string{"eth0", "eth1"}},
		{"another name", [][]byte{ab, named(3, []uint8{1, 2}, "eth0", "eth7")}, nil, Sequence, "[1 2 1 3]", []string{"eth0", "eth1", "eth7"}},
		{"ERF ports", [][]byte{encode(t, "erf", on(framesAt(1, 0, 10), 2, 4)), encode(t, "erf", on(framesAt(1, 0, 10), 4, 1))}, nil, Sequence, "[2 4 4 1]", []string{"", "", "", ""}},
		{"merged, one pattern", [][]byte{plain, plain}, nil, ByTime, "[1 1 1 1]", []string{""}},
		{"merged, two captures", [][]byte{plain, plain}, []int{0, 1}, ByTime, "[1 2 1 2]", []string{"", ""}},
		{"merged, two captures with names alike", [][]byte{ab, ab}, []int{0, 1}, ByTime, "[1 2 3 4]", []string{"eth0", "eth0", "eth1", "eth1"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			parts := save(t, tt.files...)
			for i, c := range tt.captures {
				parts[i].Capture = c
			}
			src, err := Open(parts, Options{Order: tt.order})
			if err != nil {
				t.Fatal(err)
			}
			defer src.Close()
			got, _ := readAll(t, src)
			var numbers []uint8
			for _, f := range got {
				numbers = append(numbers, f.Interface)
			}
			if fmt.Sprint(numbers) != tt.want {
				t.Errorf("interfaces %v, want %v", numbers, tt.want)
			}
			if names := src.(sources.Namer).InterfaceNames(); !slices.Equal(names, tt.names) {
				t.Errorf("names %q, want %q", names, tt.names)
			}
		})
	}
}

// TestFirstInterface: numbers begin where they are told to.
func TestFirstInterface(t *testing.T) {
	plain := encode(t, "pcap", framesAt(1, 0))
	parts := save(t, plain, plain)
	parts[1].Capture = 1
	src, err := Open(parts, Options{Order: ByTime, Source: sources.Options{FirstInterface: 7}})
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	if got, _ := readAll(t, src); len(got) != 2 || got[0].Interface != 7 || got[1].Interface != 8 {
		t.Errorf("%+v", got)
	}
}

// TestTooManyInterfaces: the 256th ends the trace, with what came before it.
func TestTooManyInterfaces(t *testing.T) {
	plain := encode(t, "pcap", framesAt(1, 0))
	parts := save(t, slices.Repeat([][]byte{plain}, wire.MaxInterfaces+1)...)
	for i := range parts {
		parts[i].Capture = i
	}
	got, _, err := joinedFrames(t, parts, ByTime)
	if len(got) != wire.MaxInterfaces || !errors.Is(err, errors.ErrUnsupported) || !strings.HasPrefix(err.Error(), "the files have more than 255 interfaces") {
		t.Errorf("%d frames, %v", len(got), err)
	}
	for i, f := range got {
		if int(f.Interface) != i+1 {
			t.Fatalf("frame %d is of interface %d", i+1, f.Interface)
		}
	}
}
