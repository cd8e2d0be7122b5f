package query

import (
	"bufio"
	"bytes"
	"cmp"
	"compress/bzip2"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/s2"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
	"github.com/therootcompany/xz"

	"netramet/internal/interruptible"
	"netramet/reader/flowfile"
	"netramet/reader/jsonl"
	"netramet/reader/lines"
)

// maxWindow bounds the memory that a compressed file can ask for, in octets.
const maxWindow = 128 << 20

// compressions are told by the octets that files begin with.
var compressions = []struct {
	magic string
	open  func(io.Reader) (io.Reader, error)
}{
	{"\x1f\x8b", func(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) }},
	{"\x28\xb5\x2f\xfd", func(r io.Reader) (io.Reader, error) {
		d, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			return nil, err
		}
		return d.IOReadCloser(), nil
	}},
	{"BZh", func(r io.Reader) (io.Reader, error) { return bzip2.NewReader(r), nil }},
	{"\xfd7zXZ\x00", func(r io.Reader) (io.Reader, error) { return xz.NewReader(r, maxWindow) }},
	{"\x04\x22\x4d\x18", func(r io.Reader) (io.Reader, error) { return lz4.NewReader(r), nil }},
	{"\xff\x06\x00\x00sNaPpY", func(r io.Reader) (io.Reader, error) { return s2.NewReader(r), nil }},
}

// decompressed is what r holds, whatever it is compressed with.
func decompressed(r io.Reader) (*bufio.Reader, error) {
	br := bufio.NewReaderSize(r, 256<<10)
	head, err := br.Peek(16)
	if err != nil && err != io.EOF {
		return nil, err
	}
	for _, c := range compressions {
		if bytes.HasPrefix(head, []byte(c.magic)) {
			text, err := c.open(br)
			if err != nil {
				return nil, err
			}
			br = bufio.NewReaderSize(text, 64<<10)
			break
		}
	}
	if head, _ := br.Peek(len(bom)); string(head) == bom {
		_, _ = br.Discard(len(bom)) // it was just there
	}
	return br, nil
}

// input is one file.
type input struct {
	name  string // as messages name it
	open  func(context.Context) (io.ReadCloser, error)
	begin time.Time // of its first collection
}

// inputs are the files in order of the time of their first collections.
func (q *Query) inputs() ([]*input, error) {
	var all []*input
	stdin := false
	for _, name := range q.Files {
		in := &input{name: name, open: func(ctx context.Context) (io.ReadCloser, error) { return opened(ctx, name, q.Waits) }}
		if name == "-" {
			if stdin || q.Stdin == nil {
				return nil, errors.New("standard input (-) can be read once")
			}
			stdin = true
			in.name, in.open = "standard input", func(ctx context.Context) (io.ReadCloser, error) { return io.NopCloser(until(ctx, q.Stdin)), nil }
		} else if len(q.Files) > 1 {
			if err := in.peek(); err != nil {
				return nil, err
			}
		}
		all = append(all, in)
	}
	slices.SortStableFunc(all, func(a, b *input) int { return cmp.Or(a.begin.Compare(b.begin), cmp.Compare(a.name, b.name)) })
	return all, nil
}

// opened opens a file to be read until ctx is done.
func opened(ctx context.Context, name string, waits func(string)) (io.ReadCloser, error) {
	f, err := interruptible.Open(ctx, name, waits)
	if err != nil {
		return nil, err
	}
	return struct {
		io.Reader
		io.Closer
	}{until(ctx, f), f}, nil
}

// until is a reader that does not wait for more when ctx is done.
func until(ctx context.Context, r io.Reader) io.Reader {
	if f, ok := r.(*os.File); ok && interruptible.Waits(f) {
		return &interruptible.Reader{Ctx: ctx, File: f}
	}
	return r
}

// maxPeek is how far into a file its first collection is looked for, in octets.
const maxPeek = 1 << 20

// peek finds the time of the file's first collection. What is no flow data file is
// left to be reported when it is read; a pipe keeps its place among the files.
func (in *input) peek() error {
	if fi, err := os.Stat(in.name); err != nil {
		return err
	} else if !fi.Mode().IsRegular() {
		return nil
	}
	f, err := os.Open(in.name)
	if err != nil {
		return err
	}
	defer f.Close()
	text, err := decompressed(f)
	if err != nil {
		return nil
	}
	if head, err := text.Peek(1); err == nil && isJSON(head) {
		if line, err := lines.ReadLine(text, nil, jsonl.MaxLine); err == nil {
			var c jsonl.Head
			if _, err := jsonl.ReadHead(line, &c); err == nil {
				in.begin = c.End
			}
		}
		return nil
	}
	r, err := flowfile.NewReader(io.LimitReader(text, maxPeek))
	if err != nil {
		return nil
	}
	if c, err := r.NextCollection(); err == nil {
		in.begin = c.Time
	}
	return nil
}

// fault puts the file's name before an error.
func (in *input) fault(err error) error {
	var bad *flowfile.SyntaxError
	switch {
	case errors.As(err, &bad):
		return fmt.Errorf("%s:%d: %s", in.name, bad.Line, bad.Msg)
	case errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("%s: it is cut: what is compressed has no end (%w)", in.name, err)
	}
	return fmt.Errorf("%s: %w", in.name, err)
}
