package flowfile

import (
	"errors"
	"fmt"

	"netramet/mib"
	"netramet/reader"
	"netramet/reader/cells"
)

// storedLines are how a plan writes flows that are alike.
type storedLines struct {
	plain, nsap cells.Lines
}

// storedValue is a value that has no cell of its own in a line.
type storedValue struct {
	column      *column
	place, peer *mib.Place // peer is that of the peer type
	shown       bool       // the record shows it
}

// TakesStored says that any writer does. See reader.StoredOutput.
func (w *Writer) TakesStored() bool { return true }

// Stored prints flow records. It does not allocate. See reader.StoredOutput.
func (w *Writer) Stored(list []reader.Stored) error {
	if w.err != nil {
		return w.err
	}
	if !w.inside {
		return errors.New("flowfile: a record outside a collection")
	}
	for i := range list {
		f := &list[i]
		t, err := w.turnTo(f.RuleSet, f.Index, len(f.Places.List)-1)
		if err != nil {
			return err
		}
		size := len(w.buf)
		if w.buf, err = t.plan.storedAs(f).Append(w.buf, f); err != nil {
			w.buf = w.buf[:size]
			return fmt.Errorf("flowfile: flow %d of rule set %d: %w", f.Index, f.RuleSet, err)
		}
		if len(w.buf) >= flushAt {
			if err := w.flush(); err != nil {
				return err
			}
		}
	}
	return nil
}

// storedAs returns the line of a flow. Peers of NSAP look like no others, whatever their
// length.
func (p *plan) storedAs(f *reader.Stored) *cells.Line {
	lines, nsap := &p.stored.plain, p.peerOf(f.Places).Num(f) == uint64(mib.PeerNSAP)
	if nsap {
		lines = &p.stored.nsap
	}
	l := lines.Of(f.Places)
	if l == nil {
		l = p.newLine(f, nsap)
		lines.Add(l)
	}
	return l
}

// peerOf is where the peer type of flows lies.
func (p *plan) peerOf(places *mib.Places) *mib.Place {
	if p.peer >= 0 {
		return &places.List[p.peer]
	}
	return &places.List[len(p.cols)]
}

// newLine makes the line of flows that are like one.
func (p *plan) newLine(f *reader.Stored, nsap bool) *cells.Line {
	l := cells.NewLine(f.Places)
	for i := range p.cols {
		c, place := &p.cols[i], &f.Places.List[i]
		if fixed, ok := c.fixed(place, f); ok {
			l.Text(c.sep + fixed)
			continue
		}
		done := false
		switch c.form {
		case formNumber:
			done = l.Number(c.sep, place)
		case formPort:
			done = l.Port(c.sep, place)
		case formPeer:
			done = !nsap && l.Address(c.sep, place)
		}
		if !done {
			l.Text(c.sep)
			l.Other(&storedValue{c, place, p.peerOf(f.Places), p.peer >= 0})
		}
	}
	l.Text(p.tail + "\n")
	l.End()
	return l
}

// fixed is the text of a value that all flows like f have, if no peer type may change it.
func (c *column) fixed(place *mib.Place, f *reader.Stored) (text string, ok bool) {
	if !place.Same() || c.form == formPeer || c.form == formDist {
		return "", false
	}
	var v reader.Value
	place.Read(f, &v)
	b, err := c.appendValue(nil, &v, mib.PeerNone, false)
	return string(b), err == nil
}

// Append appends the value of a flow.
func (s *storedValue) Append(b []byte, f *reader.Stored) ([]byte, error) {
	var v reader.Value
	s.place.Read(f, &v)
	return s.column.appendValue(b, &v, peerType(s.peer.Num(f)), s.shown)
}
