package main

import (
	"bufio"
	"fmt"
	"io"
	"net/netip"
	"os"
	"strconv"

	"netramet/meter"
	"netramet/meter/packet"
	"netramet/mib"
	"netramet/sources/wire"
)

// streamDump writes a line about each stream that ends (--dump-streams).
type streamDump struct {
	file *os.File
	to   *bufio.Writer
	line []byte
	err  error // the first one
}

const streamHeader = "source\tsource_port\tdest\tdest_port\tprotocol\tfirst\tlast\tto_pdus\tfrom_pdus\tto_octets\tfrom_octets\treason\n"

// openStreamDump makes the file, nil if none is asked for, and has the meter tell it of
// streams.
func (o *options) openStreamDump(stdin io.Reader, cfg *meter.Config) (*streamDump, error) {
	if o.streams.dump == "" {
		return nil, nil
	}
	if err := o.checkOverwrite("--dump-streams", o.streams.dump, stdin); err != nil {
		return nil, err
	}
	f, err := os.Create(o.streams.dump)
	if err != nil {
		return nil, fmt.Errorf("--dump-streams: %w", err)
	}
	d := &streamDump{file: f, to: bufio.NewWriterSize(f, 1<<16)}
	_, d.err = d.to.WriteString(streamHeader)
	cfg.StreamEnded = d.write
	return d, nil
}

// write writes the line of a stream. Its source is who sent the first packet.
func (d *streamDump) write(e *meter.StreamEnd) {
	from, to := e.Source, 1-e.Source
	b := appendEnd(d.line[:0], e, from)
	b = appendEnd(b, e, to)
	b = strconv.AppendUint(b, uint64(e.Protocol), 10)
	b = appendStamp(append(b, '\t'), e.First)
	b = appendStamp(append(b, '\t'), e.Last)
	for _, n := range []uint64{e.PDUs[from], e.PDUs[to], e.Octets[from], e.Octets[to]} {
		b = strconv.AppendUint(append(b, '\t'), n, 10)
	}
	b = append(append(append(b, '\t'), e.Reason.String()...), '\n')
	d.line = b
	if _, err := d.to.Write(b); d.err == nil {
		d.err = err
	}
}

// appendEnd appends address and port of one end, each with a tab behind it.
func appendEnd(b []byte, e *meter.StreamEnd, end packet.Direction) []byte {
	a := netip.AddrFrom16(e.Address[end])
	if e.PeerType == mib.PeerIPv4 {
		a = netip.AddrFrom4([4]byte(e.Address[end][:4]))
	}
	b = append(a.AppendTo(b), '\t')
	return append(strconv.AppendUint(b, uint64(e.Port[end]), 10), '\t')
}

// appendStamp appends a time as Unix seconds with nanoseconds; "-" for none.
func appendStamp(b []byte, t int64) []byte {
	if t == wire.NoTime {
		return append(b, '-')
	}
	const second = 1e9
	n := uint64(t)
	if t < 0 {
		b, n = append(b, '-'), -n
	}
	b = append(strconv.AppendUint(b, n/second, 10), '.')
	digits := strconv.AppendUint(nil, n%second+second, 10)
	return append(b, digits[1:]...)
}

// Close writes what is left; it returns the first error of all.
func (d *streamDump) Close() error {
	if d == nil {
		return nil
	}
	err := d.to.Flush()
	if closing := d.file.Close(); err == nil {
		err = closing
	}
	if d.err == nil {
		d.err = err
	}
	if d.err != nil {
		return fmt.Errorf("--dump-streams: %w", d.err)
	}
	return nil
}
