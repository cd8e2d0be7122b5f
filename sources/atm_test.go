package sources

import (
	"encoding/binary"
	"fmt"
	"strings"
	"testing"

	"netramet/sources/wire"
)

// aal5Cells are the cells of an AAL5 frame on a channel.
func aal5Cells(vci uint16, frame []byte) [][]byte {
	pdu := append([]byte{}, frame...)
	for (len(pdu)+aal5Trailer)%cellPayload != 0 {
		pdu = append(pdu, 0xee)
	}
	pdu = append(pdu, 0, 0)
	pdu = binary.BigEndian.AppendUint16(pdu, uint16(len(frame)))
	pdu = append(pdu, 0, 0, 0, 0)
	var all [][]byte
	for len(pdu) > 0 {
		h := binary.BigEndian.AppendUint32(nil, uint32(vci)<<4)
		if len(pdu) == cellPayload {
			h[3] |= 2
		}
		all = append(all, append(h, pdu[:cellPayload]...))
		pdu = pdu[cellPayload:]
	}
	return all
}

// llc is a frame of n octets that begins as RFC 2684 has it.
func llc(n int) []byte {
	return append([]byte{0xaa, 0xaa, 3, 0, 0, 0, 8, 0}, octets(n-8, 7)...)
}

// TestCells: frames come with their first cell where the trace has no others,
// and whole where it has all.
func TestCells(t *testing.T) {
	long, short, other := aal5Cells(40, llc(150)), aal5Cells(40, llc(30)), aal5Cells(41, llc(100))
	management := append([]byte{0, 0, 2, 0x8a}, octets(48, 1)...) // of channel 40
	first := long[0]
	for _, tt := range []struct {
		name  string
		cells [][]byte
		want  string // VCI:octets of AAL5@time
	}{
		{"one cell", short, "40:48@0"},
		{"first cells only", [][]byte{first, first, other[0], first}, "40:48@0 40:48@1 41:48@2 40:48@3"},
		{"the first frame shows that all cells are there", join2(long, long, short), "40:48@0 40:150@7 40:30@8"},
		{"channels mixed", [][]byte{long[0], long[1], other[0], long[2], long[3], other[1], other[2], long[0], other[0], long[1], other[1], other[2], long[2], long[3]},
			"40:48@0 41:48@2 41:100@11 40:150@13"},
		{"management cells are nothing", join2(long, [][]byte{management}, long), "40:48@0 40:150@8"},
		{"an end is missing", join2(long, long[:2], long), "40:48@0 40:96@5 40:150@9"},
		{"the last end is missing", join2(long, long[:3]), "40:48@0 40:144@6"},
		{"only first cells again", join2(long, [][]byte{first, first, first}), "40:48@0 40:48@4 40:48@5 40:48@6"},
		{"a cut cell", [][]byte{first[:20], first[:3]}, "40:16@0"},
		{"a reserved channel", aal5Cells(5, llc(30)), ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var s cells
			var b wire.Batch
			var count wire.SourceStats
			b.Reset()
			for i, c := range tt.cells {
				s.add(&b, &count, cell{int64(i), c, 1})
			}
			s.flush(&b, &count)
			var got []string
			for _, f := range b.Frames {
				vci := binary.BigEndian.Uint32(f.Data) >> 4 & 0xffff
				got = append(got, fmt.Sprintf("%d:%d@%d", vci, len(f.Data)-cellHeader, f.Time))
			}
			if text := strings.Join(got, " "); text != tt.want {
				t.Errorf("got  %s\nwant %s", text, tt.want)
			}
		})
	}
}

// TestCellsCut: what is there of frames whose cells have not all come is handed over
// also where the trace ends inside a record, or with damage.
func TestCellsCut(t *testing.T) {
	long := aal5Cells(40, llc(150))
	legacy := func(c []byte) []byte { return join(le.AppendUint64(nil, t0<<32), make([]byte, 4), c) }
	for _, tt := range []struct {
		uri    string
		record func(cell []byte) []byte
		odd    []byte
	}{
		{"erf:-", func(c []byte) []byte { return erfWhole(erfATM, 0, 0, 53, c...) }, erfWhole(100, 0, 0, 53, long[0]...)},
		{"legacyatm:-", legacy, make([]byte, legacyLen)},
	} {
		var data []byte
		for _, c := range join2(long, long[:3]) {
			data = append(data, tt.record(c)...)
		}
		const frames = "atm/1:52,52 atm/1:148,148"
		for name, behind := range map[string][]byte{"nothing": nil, "a part of a record": tt.record(long[3])[:20], "a few octets": {1, 2, 3}, "no record": tt.odd} {
			if got := reading(t, tt.uri, join(data, behind)); !strings.HasPrefix(got, frames) || strings.Contains(got, ErrDamaged.Error()) != (behind != nil) {
				t.Errorf("%s, %s behind: %s", tt.uri, name, got)
			}
		}
	}
}

// join2 joins lists of cells.
func join2(lists ...[][]byte) (all [][]byte) {
	for _, l := range lists {
		all = append(all, l...)
	}
	return all
}

// TestCellsBounded: neither channels nor frames without an end take memory
// without a limit.
func TestCellsBounded(t *testing.T) {
	var s cells
	var b wire.Batch
	var count wire.SourceStats
	first := aal5Cells(40, llc(150))
	for vci := range 65536 {
		b.Reset()
		c := append([]byte{}, first[0]...)
		binary.BigEndian.PutUint32(c, uint32(vci)<<4)
		s.add(&b, &count, cell{0, c, 1})
	}
	if n := len(s.channels); n > maxChannels {
		t.Errorf("%d channels are kept", n)
	}
	for _, c := range append(first, first[0]) {
		s.add(&b, &count, cell{0, c, 1})
	}
	for range 10_000 {
		b.Reset()
		s.add(&b, &count, cell{0, append(first[1][:4:4], octets(48, 1)...), 1})
	}
	if ch := s.channels[channelKey{40, 1}]; len(ch.frame) > cellHeader+maxAAL5 {
		t.Errorf("a frame of %d octets is kept", len(ch.frame))
	}
}
