package sources

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"netramet/sources/sourcetest"
	"netramet/sources/wire"
)

// checkFrames compares what was read with what was meant.
func checkFrames(t *testing.T, got, want []wire.Frame) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d frames, want %d", len(got), len(want))
	}
	for i := range got {
		if d := sourcetest.Difference(got[i], want[i]); d != "" {
			t.Fatalf("frame %d: %s", i+1, d)
		}
	}
}

// readBytes reads a trace in memory, as from a pipe.
func readBytes(tb testing.TB, data []byte) ([]wire.Frame, wire.SourceStats, error) {
	tb.Helper()
	return readStream(tb, bytes.NewReader(data))
}

func readStream(tb testing.TB, r io.Reader) ([]wire.Frame, wire.SourceStats, error) {
	tb.Helper()
	s, err := Open("-", Options{Stdin: r})
	if err != nil {
		return nil, wire.SourceStats{}, err
	}
	defer s.Close()
	frames, err := readAll(s)
	return frames, s.Stats(), err
}

const (
	t0   = 1_000_000_000 // seconds
	t0ns = int64(t0) * 1e9
)

func TestPcapVariants(t *testing.T) {
	data := octets(60, 0x40)
	// The fields of the patched headers: interface index, protocol, packet
	// type, and padding that is never cleared.
	patched := func(o order, pad int) []byte {
		b := o.AppendUint32(nil, 2)
		b = o.AppendUint16(b, 0x0800)
		b = append(b, 4)
		return append(b, bytes.Repeat([]byte{0xa5}, pad)...)
	}
	for _, row := range []struct {
		name  string
		magic uint32
		extra func(o order) []byte
		unit  int64
	}{
		{"microseconds", pcapMicro, nil, 1000},
		{"nanoseconds", pcapNano, nil, 1},
		{"modified", pcapModified, func(o order) []byte { return patched(o, 1) }, 1000},
		{"SuSE 6.3", pcapModified, func(o order) []byte { return patched(o, 5) }, 1000},
		{"Red Hat 6.1", pcapMicro, func(o order) []byte { return patched(o, 1) }, 1000},
		{"Nokia", pcapMicro, func(order) []byte { return []byte{1, 2, 3, 4} }, 1000},
	} {
		for name, o := range map[string]order{"little": le, "big": be} {
			least := 1
			if row.name == "Nokia" {
				least = 2 // one record is too little to recognise it by
			}
			for n := least; n < 6; n++ {
				t.Run(fmt.Sprintf("%s/%s/%d", row.name, name, n), func(t *testing.T) {
					file := pcapHead(o, row.magic, 2, 4, 65535, 1)
					var want []wire.Frame
					for i := range n {
						var extra []byte
						if row.extra != nil {
							extra = row.extra(o)
						}
						file = append(file, pcapRec(o, t0+uint32(i), 5, 60, 70, extra, data)...)
						want = append(want, frame(t0ns+int64(i)*1e9+5*row.unit, data, 70, 1, 1))
					}
					for what, r := range map[string]io.Reader{
						"at once": bytes.NewReader(file), "octet by octet": iotest.OneByteReader(bytes.NewReader(file)),
					} {
						got, st, err := readStream(t, r)
						if err != io.EOF || st.Odd != 0 {
							t.Errorf("%s: %v, %+v", what, err, st)
						}
						checkFrames(t, got, want)
					}
				})
			}
		}
	}
}

// TestPcapVariantsYearsApart reads traces put together from old ones.
func TestPcapVariantsYearsApart(t *testing.T) {
	data := octets(60, 0x40)
	for _, row := range []struct {
		name  string
		magic uint32
		extra []byte
	}{
		{"modified", pcapModified, make([]byte, 8)},
		{"SuSE 6.3", pcapModified, make([]byte, 12)},
		{"Red Hat 6.1", pcapMicro, make([]byte, 8)},
		{"Nokia", pcapMicro, make([]byte, 4)},
	} {
		t.Run(row.name, func(t *testing.T) {
			file := pcapHead(le, row.magic, 2, 4, 65535, 1)
			var want []wire.Frame
			for _, year := range []int64{0, 5, 2, 9} {
				at := t0 + year*365*24*3600
				file = append(file, pcapRec(le, uint32(at), 5, 60, 70, row.extra, data)...)
				want = append(want, frame(at*1e9+5000, data, 70, 1, 1))
			}
			got, _, err := readBytes(t, file)
			if err != io.EOF {
				t.Error(err)
			}
			checkFrames(t, got, want)
		})
	}
}

func TestPcapReadings(t *testing.T) {
	data := octets(60, 0x40)
	head := pcapHead(le, pcapMicro, 2, 4, 65535, 1)
	link := func(v uint32) []byte { return pcapHead(le, pcapMicro, 2, 4, 65535, v) }
	version := func(major, minor uint16) []byte { return pcapHead(le, pcapMicro, major, minor, 65535, 1) }
	plain := pcapRec(le, t0, 5, 60, 70, nil, data)
	ok := frame(t0ns+5000, data, 70, 1, 1)
	linked := func(l wire.LinkType) wire.Frame { return frame(t0ns+5000, data, 70, l, 1) }
	for _, row := range []struct {
		name string
		file []byte
		want wire.Frame
		odd  uint64
	}{
		{"snap length 0", join(pcapHead(le, pcapMicro, 2, 4, 0, 1), plain), ok, 0},
		{"above the snap length", join(pcapHead(le, pcapMicro, 2, 4, 8, 1), plain), ok, 0},
		{"version 2.0 lengths swapped", join(version(2, 0), pcapRec(le, t0, 5, 70, 60, nil, data)), ok, 0},
		{"version 2.2 lengths as today", join(version(2, 2), plain), ok, 0},
		{"version 2.3 lengths swapped", join(version(2, 3), pcapRec(le, t0, 5, 70, 60, nil, data)), ok, 0},
		{"version 2.3 lengths as today", join(version(2, 3), plain), ok, 0},
		{"DG/UX 543.0", join(version(543, 0), pcapRec(le, t0, 5, 70, 60, nil, data)), ok, 0},
		{"version 2.5", join(version(2, 5), plain), ok, 0},
		{"DLT_RAW", join(link(12), plain), linked(wire.LinkRaw), 0},
		{"DLT_RAW of OpenBSD", join(link(14), plain), linked(wire.LinkRaw), 0},
		{"DLT_ATM_RFC1483", join(link(11), plain), linked(100), 0},
		{"FDDI", join(link(10), plain), linked(10), 0},
		{"AIX ethernet, nanoseconds", join(pcapHead(le, pcapMicro, 2, 2, 96, 6), pcapRec(le, t0, 5, 70, 60, nil, data)),
			frame(t0ns+5, data, 70, 1, 1), 0},
		{"FCS of 4 octets cut off by the snap", join(link(2<<28|1<<26|1), plain), frame(t0ns+5000, data, 66, 1, 1), 0},
		{"FCS of 4 octets in the data", join(link(2<<28|1<<26|1), pcapRec(le, t0, 5, 60, 60, nil, data)),
			frame(t0ns+5000, data[:56], 56, 1, 1), 0},
		{"FCS bits without the bit that says so", join(link(2<<28|1), plain), ok, 0},
		{"FCS longer than the frame", join(link(15<<28|1<<26|1), pcapRec(le, t0, 5, 6, 6, nil, data[:6])),
			frame(t0ns+5000, nil, 0, 1, 1), 0},
		{"captured more than the wire", join(head, pcapRec(le, t0, 5, 60, 40, nil, data)), frame(t0ns+5000, data, 40, 1, 1), 1},
		{"two million microseconds", join(head, pcapRec(le, t0, 2_000_007, 60, 70, nil, data)),
			frame(t0ns+2_000_007_000, data, 70, 1, 1), 1},
		{"the latest time", join(head, pcapRec(le, 1<<32-1, 999_999, 60, 70, nil, data)),
			frame((1<<32-1)*1e9+999_999_000, data, 70, 1, 1), 0},
		{"nothing captured", join(head, pcapRec(le, t0, 5, 0, 70, nil, nil)), frame(t0ns+5000, nil, 70, 1, 1), 0},
		{"as much as is believed", join(head, pcapRec(le, t0, 5, MaxCapLen, MaxCapLen, nil, make([]byte, MaxCapLen))),
			frame(t0ns+5000, make([]byte, MaxCapLen), MaxCapLen, 1, 1), 0},
	} {
		t.Run(row.name, func(t *testing.T) {
			got, st, err := readBytes(t, row.file)
			if err != io.EOF {
				t.Fatal(err)
			}
			if st.Odd != row.odd {
				t.Errorf("%d odd, want %d", st.Odd, row.odd)
			}
			checkFrames(t, got, []wire.Frame{row.want})
		})
	}
}

func TestPcapDamage(t *testing.T) {
	head := pcapHead(le, pcapMicro, 2, 4, 65535, 1)
	rec := pcapRec(le, t0, 5, 60, 60, nil, octets(60, 1))
	huge := pcapRec(le, t0, 5, MaxCapLen+1, MaxCapLen+1, nil, octets(60, 1))
	for _, row := range []struct {
		name   string
		file   []byte
		frames int
		text   string
	}{
		{"captured too much", join(head, rec, huge, rec), 1, "pcap: offset 100: damaged: captured length 1048577"},
		{"at the first record", join(head, huge), 0, "offset 24"},
		{"behind a full batch", join(head, bytes.Repeat(rec, 256), huge), 256, "offset 19480"},
		{"one octet behind", join(head, rec, []byte{0}), 1, "offset 100: damaged: the trace ends inside a record"},
	} {
		t.Run(row.name, func(t *testing.T) {
			got, st, err := readBytes(t, row.file)
			if !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), row.text) {
				t.Errorf("error %v, want %q in it", err, row.text)
			}
			if len(got) != row.frames || st.Damaged != 1 {
				t.Errorf("%d frames, stats %+v, want %d frames, 1 damaged", len(got), st, row.frames)
			}
		})
	}
	if _, _, err := readBytes(t, pcapHead(le, pcapMicro, 3, 0, 65535, 1)); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("version 3.0: %v", err)
	}
}

// checkCuts reads every prefix of a file whose records end at ends, the file
// header's end first: the whole records are read, and unless the cut is at an
// end the error says that it is a cut.
func checkCuts(t *testing.T, file []byte, ends []int, frames func(n int) []wire.Frame) {
	t.Helper()
	for n := range file {
		got, st, err := readBytes(t, file[:n])
		whole, clean := -1, false
		for i, e := range ends {
			if n >= e {
				whole, clean = i, n == e
			}
		}
		switch {
		case n < 4:
			if err == nil || err == io.EOF {
				t.Fatalf("%d octets: %v", n, err)
			}
			continue
		case clean && err != io.EOF:
			t.Fatalf("%d octets: %v, want io.EOF", n, err)
		case !clean && (!errors.Is(err, io.ErrUnexpectedEOF) || !errors.Is(err, ErrDamaged)):
			t.Fatalf("%d octets: %v, want a cut", n, err)
		case whole > 0 && !clean && st.Damaged != 1:
			t.Fatalf("%d octets: %+v, want 1 damaged", n, st)
		}
		checkFrames(t, got, frames(max(whole, 0)))
	}
}

func TestPcapCut(t *testing.T) {
	for name, o := range map[string]order{"little": le, "big": be} {
		t.Run(name, func(t *testing.T) {
			file := pcapHead(o, pcapMicro, 2, 4, 65535, 1)
			ends := []int{len(file)}
			var want []wire.Frame
			for i := range 4 {
				data := octets(30+i, 0x42)
				file = append(file, pcapRec(o, t0, 5, uint32(len(data)), 90, nil, data)...)
				ends = append(ends, len(file))
				want = append(want, frame(t0ns+5000, data, 90, 1, 1))
			}
			checkCuts(t, file, ends, func(n int) []wire.Frame { return want[:n] })
		})
	}
}

// TestPcapProbeKeepsDamage cuts and damages standard traces where the other
// record headers might fit.
func TestPcapProbeKeepsDamage(t *testing.T) {
	head := pcapHead(le, pcapMicro, 2, 4, 65535, 1)
	rec := pcapRec(le, t0, 5, 60, 60, nil, octets(60, 0x42))
	for _, extra := range []int{4, 8} {
		got, _, err := readBytes(t, join(head, rec, rec[:extra]))
		if !errors.Is(err, io.ErrUnexpectedEOF) || len(got) != 1 || !bytes.Equal(got[0].Data, rec[16:]) {
			t.Errorf("%d octets of a second header: %d frames, %v", extra, len(got), err)
		}
	}
	// On loopback the addresses are zeros, which look like the fields that the
	// patched headers add.
	rec = pcapRec(le, t0, 5, 60, 60, nil, make([]byte, 60))
	for _, next := range []uint32{t0, t0 + 3600, t0 + 5*365*24*3600} {
		got, _, err := readBytes(t, join(head, rec, pcapRec(le, next, 7, 60, 60, nil, nil)[:8]))
		if !errors.Is(err, io.ErrUnexpectedEOF) || len(got) != 1 || !bytes.Equal(got[0].Data, rec[16:]) {
			t.Errorf("times of a second header, %d s later: %d frames, %v", next-t0, len(got), err)
		}
	}
	// With a clock that starts at zero all of a packet of zeros could be headers.
	rec = pcapRec(le, 3600, 5, 60, 60, nil, make([]byte, 60))
	for extra := 16; extra < 1514; extra++ {
		got, _, err := readBytes(t, join(head, rec, pcapRec(le, 3601, 5, 1514, 1514, nil, make([]byte, 1514))[:extra]))
		if !errors.Is(err, io.ErrUnexpectedEOF) || len(got) != 1 {
			t.Fatalf("%d octets of a second record of zeros: %d frames, %v", extra, len(got), err)
		}
	}
	rec = pcapRec(le, t0, 5, 60, 60, nil, octets(60, 0x42))
	bad := bytes.Clone(rec)
	copy(bad[8:], []byte{0xff, 0xff, 0xff, 0xff})
	got, _, err := readBytes(t, join(head, rec, bad, rec, rec))
	if !errors.Is(err, ErrDamaged) || len(got) != 1 {
		t.Errorf("second record damaged: %d frames, %v", len(got), err)
	}
	// An odd record, and zeros where Nokia's third one would be.
	data := join(octets(8, 0x42), make([]byte, 52))
	rec = pcapRec(le, t0, 5, 60, 60, nil, data)
	got, st, err := readBytes(t, join(head, rec, pcapRec(le, t0, 5, 60, 20, nil, data), rec, rec))
	if err != io.EOF || len(got) != 4 || st.Odd != 1 || !bytes.Equal(got[0].Data, data) {
		t.Errorf("second record odd: %d frames, %+v, %v", len(got), st, err)
	}
}
