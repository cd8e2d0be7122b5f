package sources

import (
	"bytes"
	"encoding/binary"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"netramet/sources/wire"
)

// etherIP are the first 54 octets of a frame with IPv4 and TCP.
var etherIP = join(octets(12, 3), []byte{8, 0, 0x45, 0, 0, 40, 0, 1, 0, 0, 64, 6, 0, 0}, octets(28, 9))

// nzixRecord is a record whose clock is so many microseconds.
func nzixRecord(clock, wireLen uint32, frame []byte) []byte {
	r := le.AppendUint32(nil, clock<<2|1)
	r = le.AppendUint32(r, 0xfeedbeef)
	r = le.AppendUint32(r, wireLen)
	return join(r, frame[:26], []byte{0xaa, 0xbb}, frame[26:54])
}

// TestNZIX: frames are whole again, the clock comes round, and begins when the file's
// name says.
func TestNZIX(t *testing.T) {
	const round = 1 << 30
	clocks := []uint32{5, 7, 6, round - 1, 3, round / 2, 0, 1}
	after := []int64{5, 7, 6, round - 1, round + 3, round + round/2, 2 * round, 2*round + 1}
	var data []byte
	for i, c := range clocks {
		data = append(data, nzixRecord(c, uint32(60+i), etherIP)...)
	}
	for name, start := range map[string]time.Time{
		"20000706-123000.dat": time.Date(2000, 7, 6, 12, 30, 0, 0, time.UTC),
		"trace":               time.Unix(0, 0),
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), name)
			if err := os.WriteFile(path, data, 0o666); err != nil {
				t.Fatal(err)
			}
			frames, st, err := readFile(t, "nzix:"+path)
			if err != io.EOF || len(frames) != len(clocks) || st.Octets != 60*8+28 {
				t.Fatalf("%d frames, %+v, %v", len(frames), st, err)
			}
			for i, f := range frames {
				want := start.Add(time.Duration(after[i]) * time.Microsecond).UnixNano()
				if f.Time != want || f.WireLen != uint32(60+i) || f.LinkType != wire.LinkEthernet || !bytes.Equal(f.Data, etherIP) {
					t.Errorf("frame %d: %+v, want the time %d", i, f, want)
				}
			}
		})
	}
}

// TestNZIXShort: what fills a record of a short frame up is no part of the frame.
func TestNZIXShort(t *testing.T) {
	frames, _, err := readBytes(t, join(nzixRecord(1, 60, etherIP), nzixRecord(2, 34, etherIP)))
	if err != io.EOF || len(frames) != 2 || !bytes.Equal(frames[1].Data, etherIP[:34]) {
		t.Errorf("%v, %v", frames, err)
	}
	wrong := nzixRecord(1, 60, etherIP)
	binary.LittleEndian.PutUint32(wrong[8:], 13)
	if _, _, err := readBytes(t, join(nzixRecord(1, 60, etherIP), wrong)); err == io.EOF {
		t.Error("a frame of 13 octets is none")
	}
}
