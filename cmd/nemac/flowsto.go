package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"netramet/reader"
	"netramet/reader/columns"
	"netramet/reader/csv"
	"netramet/reader/jsonl"
	"netramet/reader/lines"
)

// flowsTo is where --to has the answer of --flows go: KIND:FILE, or - for standard
// output.
type flowsTo struct {
	format lines.Format // nil: a table
	path   string       // "-": standard output
}

// parseFlowsTo reads one --to.
func parseFlowsTo(text string) (flowsTo, error) {
	kind, path, ok := strings.Cut(text, ":")
	to := flowsTo{path: path}
	switch {
	case !ok || path == "":
		return to, fmt.Errorf("--to %s: it is a kind and a file, as csv:answer.csv or jsonl:-", text)
	case kind == "csv":
		to.format = csv.New(columns.RTFM)
	case kind == "jsonl":
		to.format = jsonl.New(columns.RTFM)
	case kind != "table":
		return to, fmt.Errorf("--to %s: an answer is written as csv, jsonl or table (and flow data with -F)", text)
	case path != "-":
		return to, fmt.Errorf("--to %s: a table goes to standard output, table:-", text)
	}
	return to, nil
}

// linesOutput writes the answer in a format of lines. A file appears by its name when
// the answer is whole.
type linesOutput struct {
	to     flowsTo
	w      *bufio.Writer
	file   *os.File // nil: standard output
	buf    []byte
	header string
	failed bool
}

// openLines opens the output of --to.
func openLines(to flowsTo, stdout io.Writer) (*linesOutput, error) {
	o := &linesOutput{to: to}
	if to.path == "-" {
		o.w = bufio.NewWriterSize(stdout, 64<<10)
		return o, nil
	}
	f, err := os.OpenFile(to.path+".tmp", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o666)
	if err != nil {
		return nil, fmt.Errorf("--to: %w", err)
	}
	o.file, o.w = f, bufio.NewWriterSize(f, 64<<10)
	return o, nil
}

// Begin begins an interval of the answer. See reader.Output.
func (o *linesOutput) Begin(iv reader.Interval, tasks []reader.Task) (err error) {
	if o.buf, err = o.to.format.Begin(o.buf[:0], &iv, tasks, o.header); err != nil {
		return err
	}
	if o.header == "" {
		line, _, _ := bytes.Cut(o.buf, []byte{'\n'})
		o.header = string(bytes.TrimSuffix(line, []byte{'\r'}))
	}
	return o.flush()
}

// Record writes a row. See reader.Output.
func (o *linesOutput) Record(rec *reader.Record) (err error) {
	if o.buf, err = o.to.format.Record(o.buf[:0], rec); err != nil {
		return err
	}
	return o.flush()
}

// End ends the interval. See reader.Output.
func (o *linesOutput) End() (err error) {
	if o.buf, err = o.to.format.End(o.buf[:0]); err != nil {
		return err
	}
	return o.flush()
}

// Abort leaves what there is without its end. See reader.Output.
func (o *linesOutput) Abort() error {
	o.failed = true
	return nil
}

func (o *linesOutput) flush() error {
	_, err := o.w.Write(o.buf)
	return err
}

// close completes the output; whole says that all of the answer went to it.
func (o *linesOutput) close(whole bool) error {
	err := o.w.Flush()
	if o.file == nil {
		return err
	}
	temporary := o.file.Name()
	err = errors.Join(err, o.file.Close())
	if err != nil || o.failed || !whole {
		return errors.Join(err, os.Remove(temporary))
	}
	return os.Rename(temporary, o.to.path)
}
