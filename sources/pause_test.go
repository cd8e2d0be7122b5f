package sources

import (
	"errors"
	"os"
	"testing"

	"netramet/sources/sourcetest/capfile"
	"netramet/sources/wire"
)

// TestCompressedPipe reads compressed traces from a pipe that pauses: what was
// written is handed over, and Close ends a Read that waits for more.
func TestCompressedPipe(t *testing.T) {
	frames := manyFrames(700, 100, 90)
	for _, name := range capfile.Compressions() {
		t.Run(name, func(t *testing.T) {
			r, w, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			defer w.Close()
			packed := pack(t, pcapOf(frames), name)
			go func() { _, _ = w.Write(packed) }() // a failure is seen by the reader
			s, err := openTrace(&stored{name: "pipe", r: r, file: r}, nil, Options{})
			if err != nil {
				t.Fatal(err)
			}
			var got []wire.Frame
			for b := new(wire.Batch); len(got) < len(frames); b = new(wire.Batch) {
				if err := s.Read(b); err != nil {
					t.Fatalf("after %d frames: %v", len(got), err)
				}
				got = append(got, b.Frames...)
			}
			checkFrames(t, got, frames)
			done := make(chan error)
			go func() { done <- s.Read(new(wire.Batch)) }()
			if err := s.Close(); err != nil {
				t.Error(err)
			}
			if err := <-done; !errors.Is(err, os.ErrClosed) {
				t.Errorf("blocked Read: %v, want os.ErrClosed", err)
			}
		})
	}
}
