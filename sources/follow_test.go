package sources

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"netramet/sources/sourcetest/capfile"
	"netramet/sources/wire"
)

// grow is a file that is written piece by piece.
func grow(t *testing.T, begin []byte) *os.File {
	t.Helper()
	f, err := os.Create(filepath.Join(t.TempDir(), "growing"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	add(t, f, begin)
	return f
}

func add(t *testing.T, f *os.File, data []byte) {
	t.Helper()
	if _, err := f.Write(data); err != nil {
		t.Fatal(err)
	}
}

func openGrowing(t *testing.T, f *os.File) Source {
	t.Helper()
	s, err := Open(f.Name(), Options{Follow: FollowGrowth})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// next reads until there are n frames, or an error.
func next(s Source, n int) (got []wire.Frame, err error) {
	for b := new(wire.Batch); len(got) < n && err == nil; {
		err = s.Read(b)
		for _, f := range b.Frames {
			f.Data = bytes.Clone(f.Data)
			got = append(got, f)
		}
	}
	return got, err
}

// TestFollow writes a trace in small pieces: a record that is not complete is
// waited for, a Read returns without frames meanwhile, and no end is told.
func TestFollow(t *testing.T) {
	frames := manyFrames(6, 60, 60)
	for _, format := range []string{"pcap-ns", "pcapng", "snoop"} {
		t.Run(format, func(t *testing.T) {
			file := encoded(t, format, frames)
			f := grow(t, file[:60])
			s := openGrowing(t, f)
			var got []wire.Frame
			b := new(wire.Batch)
			for at := 60; at < len(file); at += 41 {
				if err := s.Read(b); err != nil {
					t.Fatal(err)
				}
				for _, f := range b.Frames {
					f.Data = bytes.Clone(f.Data)
					got = append(got, f)
				}
				whole, _, _ := readBytes(t, file[:at])
				if len(got) > len(whole) {
					t.Fatalf("%d frames of %d octets", len(got), at)
				}
				add(t, f, file[at:min(at+41, len(file))])
			}
			rest, err := next(s, len(frames)-len(got))
			if err != nil {
				t.Fatal(err)
			}
			checkFrames(t, append(got, rest...), frames)
			for range 3 {
				if err := s.Read(b); err != nil || len(b.Frames) > 0 {
					t.Fatalf("at the end: %d frames, %v", len(b.Frames), err)
				}
			}
			if st := s.Stats(); st.BytesAll != 0 || st.Frames != uint64(len(frames)) || st.Damaged != 0 {
				t.Errorf("%+v", st)
			}
		})
	}
}

// TestFollowCut follows a file that ends at each octet: what is whole is handed
// over, and what is not is no damage.
func TestFollowCut(t *testing.T) {
	file := pcapngOf(damageFrames()[:3])
	step := 1
	if testing.Short() {
		step = 7
	}
	const headers = 28 + 20 // a section and the fixed part of an interface
	for n := headers; n < len(file); n += step {
		want, _, _ := readBytes(t, file[:n])
		s := openGrowing(t, grow(t, file[:n]))
		got, err := next(s, len(want))
		if err != nil {
			t.Fatalf("cut at %d: %v", n, err)
		}
		checkFrames(t, got, want)
		if err := s.Read(new(wire.Batch)); err != nil || s.Stats().Damaged != 0 {
			t.Fatalf("cut at %d: %v", n, err)
		}
		s.Close()
	}
}

// TestFollowCompressed: compressed files are followed too; what can be undone of
// what was written is handed over.
func TestFollowCompressed(t *testing.T) {
	frames := manyFrames(700, 100, 90)
	for _, name := range capfile.Compressions() {
		t.Run(name, func(t *testing.T) {
			file := pack(t, pcapngOf(frames), name)
			f := grow(t, file[:len(file)/2])
			done := make(chan struct{})
			go func() { // while Open or Read waits
				defer close(done)
				_, _ = f.Write(file[len(file)/2:])
			}()
			got, err := next(openGrowing(t, f), len(frames))
			if err != nil {
				t.Fatal(err)
			}
			checkFrames(t, got, frames)
			<-done
		})
	}
}

// TestFollowFromNothing: a capture that has just begun is an empty file.
func TestFollowFromNothing(t *testing.T) {
	frames := manyFrames(3, 60, 60)
	f := grow(t, nil)
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = f.Write(pcapngOf(frames))
	}()
	got, err := next(openGrowing(t, f), len(frames))
	if err != nil {
		t.Fatal(err)
	}
	checkFrames(t, got, frames)
	<-done
}

// TestFollowLost: what is done to a file beside growth ends it, with all that was
// in it handed over, and an error that says what was done.
func TestFollowLost(t *testing.T) {
	frames := manyFrames(3, 60, 60)
	for _, tt := range []struct {
		name, text string
		do         func(f *os.File) error
	}{
		{"cut", "was cut short while it was followed", func(f *os.File) error { return f.Truncate(30) }},
		{"replaced", "was replaced by another file", func(f *os.File) error {
			if err := os.WriteFile(f.Name()+".new", nil, 0o600); err != nil {
				return err
			}
			return os.Rename(f.Name()+".new", f.Name())
		}},
		{"renamed", "is no longer under its name", func(f *os.File) error { return os.Rename(f.Name(), f.Name()+".1") }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := grow(t, pcapngOf(frames))
			s := openGrowing(t, f)
			got, err := next(s, len(frames))
			if err != nil {
				t.Fatal(err)
			}
			checkFrames(t, got, frames)
			if err := tt.do(f); err != nil {
				t.Skipf("this system does not let it be %s: %v", tt.name, err)
			}
			_, err = next(s, 1)
			if err == nil || !strings.HasPrefix(err.Error(), f.Name()+": pcapng: offset ") || !strings.Contains(err.Error(), tt.text) || errors.Is(err, ErrDamaged) {
				t.Errorf("%v", err)
			}
			if again := s.Read(new(wire.Batch)); again == nil || again.Error() != err.Error() {
				t.Errorf("then %v", again)
			}
		})
	}
}

// TestFollowClose: Close ends a Read that waits.
func TestFollowClose(t *testing.T) {
	s := openGrowing(t, grow(t, pcapngOf(manyFrames(3, 60, 60))))
	done := make(chan error)
	go func() {
		_, err := next(s, 4)
		done <- err
	}()
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if err := <-done; !errors.Is(err, os.ErrClosed) {
		t.Errorf("%v, want os.ErrClosed", err)
	}
}

// TestFollowRefused: what is no file does not grow.
func TestFollowRefused(t *testing.T) {
	for uri, text := range map[string]string{
		"tcp://127.0.0.1:19000": "tcp://127.0.0.1:19000: is no file to be followed: it is read until the other side closes it",
		os.DevNull:              os.DevNull + ": is no file to be followed, and no pipe",
	} {
		if _, err := Open(uri, Options{Follow: FollowGrowth, Stdin: strings.NewReader("")}); err == nil || err.Error() != text {
			t.Errorf("%s: %v", uri, err)
		}
	}
}
