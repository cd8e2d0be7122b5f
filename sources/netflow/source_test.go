package netflow

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"testing"
	"time"

	"netramet/sources"
	"netramet/sources/sourcetest"
	"netramet/sources/wire"
)

// datagrams makes frames of datagrams, and finds them again.
func datagrams(all [][]byte) []wire.Frame {
	var frames []wire.Frame
	for i, d := range all {
		frames = append(frames, wire.Frame{Time: startTime + int64(i)*int64(time.Millisecond), Data: d, WireLen: uint32(len(d)), LinkType: wire.LinkRaw, Interface: 1})
	}
	return frames
}

func whole(f *wire.Frame) (netip.AddrPort, []byte, bool) { return exporterA, f.Data, true }

// TestSource: batches of records stay as they are while others are read, whatever
// becomes of those that are released; the end repeats; nothing is allocated.
func TestSource(t *testing.T) {
	all := [][]byte{message9(0, 1, set(0, templateOf(300, usual...)))}
	for i := range 20_000 {
		all = append(all, message9(uint32(i+1), 1, set(300, usualRecord("10.0.0.1", uint32(i+1), 900), usualRecord("10.0.0.3", uint32(i+1), 901))))
	}
	src := Over("test", sourcetest.NewFake(datagrams(all), 100), whole, Options{})
	defer src.Close()
	var batches [4]wire.Batch
	var copies [4][]wire.Record
	n, expect := 0, uint64(1)
	for at := 0; ; at = (at + 1) % len(batches) {
		b := &batches[at]
		for i, r := range copies[at] { // as it was when it was read
			if got := b.Records[i]; got.PDUs != r.PDUs || !bytes.Equal(got.Frame.Data, r.Frame.Data) {
				t.Fatalf("record %d has changed", i)
			}
			clear(b.Records[i].Frame.Data)
		}
		err := src.Read(b)
		copies[at] = copies[at][:0]
		for i := range b.Records {
			r := b.Records[i]
			if r.PDUs != expect+uint64(n/2) {
				t.Fatalf("record %d has %d PDUs", n, r.PDUs)
			}
			n++
			r.Frame.Data = bytes.Clone(r.Frame.Data)
			copies[at] = append(copies[at], r)
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := src.Read(&batches[0]); err != io.EOF || n != 40_000 {
		t.Errorf("%d records, then %v", n, err)
	}
	if st := src.Stats(); st.Frames != 40_000 || st.Octets != 20_000*1801 || st.Dropped+st.Damaged+st.Skipped != 0 {
		t.Errorf("%+v", st)
	}
	if names := src.InterfaceNames(); len(names) != 1 || names[0] != "192.0.2.1" {
		t.Errorf("interfaces %q", names)
	}
	for range 2 {
		if err := src.Close(); err != nil {
			t.Error(err)
		}
	}
	if err := src.Read(&batches[0]); !errors.Is(err, os.ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
}

// TestTooManyBatches: a reader that releases none is told so.
func TestTooManyBatches(t *testing.T) {
	var all [][]byte
	for i := range 100 * wire.BatchSize {
		all = append(all, message5(uint32(i), 0, record5Of("10.0.0.1", "10.0.0.2", 1, 1, 1, 2)))
	}
	src := Over("test", sourcetest.NewFake(datagrams(all), 100), whole, Options{})
	defer src.Close()
	batches := make([]wire.Batch, maxBatches)
	for i := range batches {
		if err := src.Read(&batches[i]); err != nil {
			t.Fatal(err)
		}
	}
	var one wire.Batch
	if err := src.Read(&one); !errors.Is(err, sources.ErrTooManyBatches) {
		t.Fatal(err)
	}
	batches[3].Release()
	if err := src.Read(&one); err != nil || len(one.Records) != wire.BatchSize {
		t.Errorf("%d records, %v", len(one.Records), err)
	}
}

// TestListen: records come from a socket, silence is an empty batch, and Close ends a
// Read that waits.
func TestListen(t *testing.T) {
	src, err := Listen("netflow://127.0.0.1:0", Options{})
	if err != nil {
		t.Skipf("no socket: %v", err)
	}
	conn, err := net.Dial("udp", src.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	var b wire.Batch
	if err := src.Read(&b); err != nil || len(b.Records) != 0 {
		t.Fatalf("%d records before any came, %v", len(b.Records), err)
	}
	before := time.Now().UnixNano()
	if _, err := conn.Write(message5(0, 0, record5Of("10.0.0.1", "10.0.0.2", 7, 900, 1, 2))); err != nil {
		t.Fatal(err)
	}
	for len(b.Records) == 0 {
		if err := src.Read(&b); err != nil {
			t.Fatal(err)
		}
	}
	if r := &b.Records[0]; r.PDUs != 7 || r.Frame.Time < before-int64(time.Second) {
		t.Errorf("%s", told(r))
	}
	done := make(chan error)
	go func() {
		var b wire.Batch
		for {
			if err := src.Read(&b); err != nil {
				done <- err
				return
			}
		}
	}()
	src.Close()
	if err := <-done; !errors.Is(err, os.ErrClosed) {
		t.Error(err)
	}
	for _, uri := range []string{"netflow://", "netflow://127.0.0.1", "netflow://127.0.0.1:", "netflow://:x"} {
		if src, err := Listen(uri, Options{}); err == nil {
			src.Close()
			t.Errorf("%s is taken", uri)
		}
	}
}

// TestLostAtTheEnd: a gap that could still have been filled is lost once nothing more
// is read.
func TestLostAtTheEnd(t *testing.T) {
	src, err := Listen("netflow://127.0.0.1:0", Options{})
	if err != nil {
		t.Skipf("no socket: %v", err)
	}
	defer src.Close()
	conn, err := net.Dial("udp", src.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for _, seq := range []uint32{7, 12} {
		if _, err := conn.Write(message5(seq, 0, record5Of("10.0.0.1", "10.0.0.2", 7, 900, 1, 2))); err != nil {
			t.Fatal(err)
		}
	}
	var b wire.Batch
	for src.Stats().Frames < 2 {
		if err := src.Read(&b); err != nil {
			t.Fatal(err)
		}
	}
	b.Release()
	before := src.Stats().Dropped
	src.Close()
	if after := src.Stats().Dropped; before != 0 || after != 4 {
		t.Errorf("%d lost, and %d at the end; want 0, 4", before, after)
	}
}

// TestLostAtTheEndOfATrace: likewise when the end has been read, whatever came with it:
// whoever asks then has not closed the trace yet.
func TestLostAtTheEndOfATrace(t *testing.T) {
	record := record5Of("10.0.0.1", "10.0.0.2", 7, 900, 1, 2)
	waits := message9(3, 1, set(300, usualRecord("10.0.0.1", 1, 900)))
	for _, records := range []uint32{2, wire.BatchSize, wire.BatchSize + 1} {
		all := [][]byte{waits}
		for i := range records - 1 {
			all = append(all, message5(i, 0, record))
		}
		all = append(all, message5(records+3, 0, record))
		src := Over("test", sourcetest.NewFake(datagrams(all), 100), whole, Options{})
		var b wire.Batch
		var err error
		for err == nil {
			err = src.Read(&b)
		}
		if st := src.Collected(); err != io.EOF || st.Records != uint64(records) || st.Lost != 4 || st.Unknown != 1 {
			t.Errorf("%d records: then %v, %+v; want 4 lost, and 1 without a template", records, err, st)
		}
		src.Close()
	}
}

// FuzzSource checks that batches and what is in them do not depend on each other.
func FuzzSource(f *testing.F) {
	for _, d := range seeds() {
		f.Add(d, uint8(3))
	}
	f.Fuzz(func(t *testing.T, d []byte, times uint8) {
		all := [][]byte{seeds()[1]}
		for range times {
			all = append(all, d)
		}
		src := Over("test", sourcetest.NewFake(datagrams(all), 100), whole, Options{})
		defer src.Close()
		var b wire.Batch
		n := uint64(0)
		for {
			err := src.Read(&b)
			n += uint64(len(b.Records))
			if err == io.EOF {
				break
			}
			if err != nil || len(b.Records) > wire.BatchSize {
				t.Fatalf("%d records, %v", len(b.Records), err)
			}
		}
		if st := src.Stats(); st.Frames != n || src.Collected().Datagrams != uint64(len(all)) {
			t.Errorf("%d records, %+v, %+v", n, st, src.Collected())
		}
	})
}
