package sources

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
)

func contains(err error, text string) bool { return err != nil && strings.Contains(err.Error(), text) }

// TestZerosBehindStreams: they are nothing, of any length, behind streams and
// between them; anything else is damage.
func TestZerosBehindStreams(t *testing.T) {
	for _, name := range []string{"gzip", "bzip2"} {
		for size := range 9 { // streams of bzip2 end at any bit
			frames := manyFrames(3+size, 100, 60)
			file := pcapOf(frames)
			half := len(file) / 2
			a, b, whole := pack(t, file[:half], name), pack(t, file[half:], name), pack(t, file, name)
			empty := pack(t, nil, name)
			for _, zeros := range []int{1, 2, 4096, 70_001} {
				z := make([]byte, zeros)
				for what, data := range map[string][]byte{
					"behind": join(whole, z), "between": join(a, z, b), "both": join(a, z, b, z), "behind an empty one": join(whole, empty, z),
				} {
					got, _, err := readBytes(t, data)
					if err != io.EOF {
						t.Fatalf("%s, size %d, %d zeros %s: %v", name, size, zeros, what, err)
					}
					checkFrames(t, got, frames)
				}
			}
			if _, _, err := readBytes(t, join(whole, make([]byte, 600), []byte("x"))); !errors.Is(err, ErrDamaged) {
				t.Errorf("%s: something behind zeros: %v", name, err)
			}
		}
	}
}

// TestZeroTail: zeros behind the last record are one damage, however many there
// are and however they are packed; one record of zeros between others is a
// packet.
func TestZeroTail(t *testing.T) {
	head := pcapHead(le, pcapMicro, 2, 4, 65535, 1)
	rec := pcapRec(le, t0, 5, 60, 60, nil, octets(60, 1))
	for _, n := range []int{16, 17, 31, 32, 48, 4096, 1 << 20} {
		for _, packed := range []string{"", "gzip", "zstd", "bzip2"} {
			data := join(head, rec, rec, make([]byte, n))
			if packed != "" {
				data = pack(t, data, packed)
			}
			got, st, err := readBytes(t, data)
			if !errors.Is(err, ErrDamaged) || st.Damaged != 1 || len(got) != 2 {
				t.Errorf("%d zeros, %s: %d frames, %+v, %v", n, packed, len(got), st, err)
			}
		}
	}
	_, _, err := readBytes(t, join(head, rec, make([]byte, 64)))
	if want := "offset 100: damaged: zeros where a record should be"; !contains(err, want) {
		t.Errorf("%v, want %q in it", err, want)
	}
	if got, _, err := readBytes(t, join(head, rec, make([]byte, 16), rec)); err != io.EOF || len(got) != 3 || len(got[1].Data) != 0 {
		t.Errorf("an empty packet: %d frames, %v", len(got), err)
	}
	ng := join(ngSection(le), ngInterfaceBlock(le, 1, 0), ngEnhanced(le, 0, 5, 60, octets(60, 1)), make([]byte, 100))
	if got, st, err := readBytes(t, ng); !contains(err, "zeros where a record should be") || len(got) != 1 || st.Damaged != 1 {
		t.Errorf("pcapng: %d frames, %v", len(got), err)
	}
}

// TestSecondHeader: traces put one behind the other are reported as such.
func TestSecondHeader(t *testing.T) {
	rec := pcapRec(le, t0, 5, 60, 60, nil, octets(60, 1))
	one := join(pcapHead(le, pcapMicro, 2, 4, 65535, 1), rec)
	ng := join(ngSection(le), ngInterfaceBlock(le, 1, 0), ngEnhanced(le, 0, 5, 60, octets(60, 1)))
	for i, data := range [][]byte{
		join(one, one), join(one, pcapHead(be, pcapMicro, 2, 4, 65535, 1)), join(one, pcapHead(le, pcapNano, 2, 4, 65535, 1)),
		join(one, ng), join(ng, one), join(pack(t, one, "gzip"), pack(t, one, "gzip")),
	} {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			got, st, err := readBytes(t, data)
			if !errors.Is(err, ErrDamaged) || !contains(err, "a second file header") || len(got) != 1 || st.Damaged != 1 {
				t.Errorf("%d frames, %+v, %v", len(got), st, err)
			}
		})
	}
	if got, _, err := readBytes(t, join(ng, ng)); err != io.EOF || len(got) != 2 {
		t.Errorf("two sections: %d frames, %v", len(got), err)
	}
}
