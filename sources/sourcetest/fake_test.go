package sourcetest

import (
	"errors"
	"fmt"
	"io"
	"testing"

	"netramet/sources/wire"
)

// fakeFrames returns n frames, some without data.
func fakeFrames(n int) []wire.Frame {
	all := make([]wire.Frame, n)
	for i := range all {
		data := make([]byte, i%9)
		for j := range data {
			data[j] = byte(i + j)
		}
		all[i] = wire.Frame{Time: int64(i), Data: data, WireLen: uint32(i%9 + 60), LinkType: wire.LinkRaw, Interface: 1}
	}
	return all
}

func TestFakeConforms(t *testing.T) {
	for _, size := range []int{1, 7, 256} {
		t.Run(fmt.Sprintf("batches of %d", size), func(t *testing.T) {
			frames := fakeFrames(65 * wire.BatchSize)
			Run(t, func(*testing.T) Source { return NewFake(frames, size) }, frames)
		})
	}
	t.Run("empty", func(t *testing.T) {
		Run(t, func(*testing.T) Source { return NewFake(nil, 7) }, nil)
	})
}

func TestFakePoisons(t *testing.T) {
	f := NewFake(fakeFrames(100), 7)
	var b wire.Batch
	if err := f.Read(&b); err != nil {
		t.Fatal(err)
	}
	data := b.Frames[5].Data
	b.Release()
	for _, c := range data {
		if c != Poison {
			t.Fatalf("released data is % x, want it poisoned", data)
		}
	}
}

func TestFakeEndsWith(t *testing.T) {
	damage := fmt.Errorf("fake: %w", io.ErrUnexpectedEOF)
	f := NewFake(fakeFrames(3), 256).EndWith(damage)
	if err := drain(f, new(wire.Batch)); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("ended with %v", err)
	}
	if st := f.Stats(); st.Frames != 3 {
		t.Errorf("stats %+v", st)
	}
}
