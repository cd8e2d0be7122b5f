package sources

import (
	"errors"
	"io"
	"os"
	"testing"

	"netramet/sources/sourcetest"
	"netramet/sources/wire"
)

// pipe is a pipe, whose reading end a source may close.
func pipe(t *testing.T) (r, w *os.File) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close(); w.Close() })
	return r, w
}

// TestErfPipe reads what dagsnap writes to a pipe, which pauses: whole records are
// handed over before more is written, the rest of one that was cut comes with more,
// and the end is that of the writer.
func TestErfPipe(t *testing.T) {
	frames := manyFrames(40, 60, 96)
	for i := range frames {
		frames[i].Interface = uint8(1 + i%4)
	}
	file := encoded(t, "erf", frames)
	for name, follow := range map[string]Follow{"waiting": EndIsEnd, "not waiting": FollowGrowth} {
		t.Run(name, func(t *testing.T) {
			r, w := pipe(t)
			at := 0
			write := func(n int) {
				t.Helper()
				if _, err := w.Write(file[at : at+n]); err != nil {
					t.Fatal(err)
				}
				at += n
			}
			length := func() int { return int(file[at+10])<<8 | int(file[at+11]) }
			write(length()) // the first record, so that there is something to open
			s, err := Open("erf:-", Options{Stdin: r, Follow: follow})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			check := func(n int, want []wire.Frame) {
				t.Helper()
				got, err := next(s, n)
				if err != nil {
					t.Fatal(err)
				}
				checkFrames(t, got, want)
			}
			check(1, frames[:1])
			for i := 1; i < len(frames)-1; i++ {
				write(length()) // and half of the next one
				half := length() / 2
				write(half)
				check(1, frames[i:i+1])
				if follow == FollowGrowth {
					b := new(wire.Batch)
					if err := s.Read(b); err != nil || len(b.Frames) > 0 {
						t.Fatalf("half a record: %d frames, %v", len(b.Frames), err)
					}
				}
				at -= half
				rest := length() - half
				at += half
				write(rest)
				i++
				check(1, frames[i:i+1])
			}
			if at < len(file) {
				write(len(file) - at)
				check(1, frames[len(frames)-1:])
			}
			w.Close()
			if got, err := next(s, 1); err != io.EOF || len(got) > 0 {
				t.Errorf("at the end: %d frames, %v", len(got), err)
			}
		})
	}
}

// TestErfPipeConformance is the suite over a pipe that may be silent.
func TestErfPipeConformance(t *testing.T) {
	frames := manyFrames(3*wire.BatchSize, 70, 64)
	file := encoded(t, "erf", frames)
	sourcetest.Run(t, func(t *testing.T) sourcetest.Source {
		r, w := pipe(t)
		go func() {
			_, _ = w.Write(file) // a failure is seen by the reader
			w.Close()
		}()
		s, err := Open("erf:-", Options{Stdin: r, Follow: FollowGrowth})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}, frames)
}

// TestErfPipeClose: Close ends a Read of a pipe that says nothing.
func TestErfPipeClose(t *testing.T) {
	r, w := pipe(t)
	if _, err := w.Write(encoded(t, "erf", manyFrames(1, 60, 60))); err != nil {
		t.Fatal(err)
	}
	s, err := Open("erf:-", Options{Stdin: r})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := next(s, 1); err != nil || len(got) != 1 {
		t.Fatalf("%d frames, %v", len(got), err)
	}
	done := make(chan error)
	go func() { done <- s.Read(new(wire.Batch)) }()
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if err := <-done; !errors.Is(err, os.ErrClosed) {
		t.Errorf("Read: %v, want os.ErrClosed", err)
	}
}
