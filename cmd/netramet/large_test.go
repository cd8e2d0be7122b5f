package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"netramet/internal/command"
)

// repeated reads head, then body n times, or, with a function more, as long as that says so:
// n is counted down from 0 then.
type repeated struct {
	rest, body []byte
	n          int
	more       func() bool
}

// Read implements io.Reader.
func (r *repeated) Read(p []byte) (int, error) {
	if len(r.rest) == 0 {
		if r.more == nil && r.n == 0 || r.more != nil && !r.more() {
			return 0, io.EOF
		}
		r.n--
		r.rest = r.body
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

// TestOver4GiB meters a trace of more than 2^32 octets, made on the fly: offsets,
// lengths and sums are of 64 bits, on machines of 32 bits too. The trace ends
// inside a record, whose offset the error names.
func TestOver4GiB(t *testing.T) {
	const frame, packets = 250_000, 17_200
	le := binary.LittleEndian
	head := le.AppendUint32(nil, 0xa1b2c3d4)
	head = le.AppendUint32(head, 4<<16|2)
	head = append(head, make([]byte, 8)...)
	head = le.AppendUint32(head, 262144)
	head = le.AppendUint32(head, 1)
	record := le.AppendUint32(nil, 1767603600)
	record = append(record, 0, 0, 0, 0)
	record = le.AppendUint32(record, frame)
	record = le.AppendUint32(record, frame)
	at := len(record)
	record = append(record, make([]byte, frame)...)
	copy(record[at+12:], "\x08\x00\x45\x00\x05\xdc\x00\x00\x00\x00\x40\x11\x00\x00\x0a\x00\x00\x01\x0a\x00\x00\x02")
	rules := filepath.Join(t.TempDir(), "all.srl")
	if err := os.WriteFile(rules, []byte("count; format ToPDUs \" \" ToOctets;"), 0o666); err != nil {
		t.Fatal(err)
	}
	size := int64(len(head)) + packets*int64(len(record))
	if size <= 1<<32 {
		t.Fatalf("the trace has only %d octets", size)
	}
	trace := io.MultiReader(&repeated{rest: head, body: record, n: packets}, bytes.NewReader(record[:100]))
	var stdout, stderr bytes.Buffer
	status := run(t.Context(), []string{"-C", "-", rules}, trace, &stdout, &stderr)
	if status != command.StatusFailure || !strings.Contains(stderr.String(), fmt.Sprintf("offset %d: damaged", size)) {
		t.Errorf("status %d: %s", status, &stderr)
	}
	if want := fmt.Sprintf("\n%d %d\n", packets, int64(packets)*frame); !strings.Contains(stdout.String(), want) {
		t.Errorf("no %q in\n%s", want, &stdout)
	}
}
