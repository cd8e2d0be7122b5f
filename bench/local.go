//go:build linux

package main

import (
	"context"
	"io"
	"slices"

	"netramet/meter"
	"netramet/mib"
	"netramet/reader"
)

// localFlows reads a meter in its own process, one View for each flow, as the
// one-command netramet does.
type localFlows struct {
	meter *meter.Meter
	attrs []mib.Attr
	after uint32
	flow  meter.Flow
}

func (l *localFlows) Begin(_ context.Context, tasks []reader.Task) (iv reader.Interval, err error) {
	l.attrs, l.after = tasks[0].Format.Attrs, 0
	l.meter.View(func(s *meter.State) { iv.From, iv.To = 1, uint64(s.Uptime()) })
	return iv, nil
}

func (l *localFlows) Next(_ context.Context, rec *reader.Record) error {
	err := io.EOF
	l.meter.View(func(s *meter.State) {
		if l.after = s.NextFlow(ruleSet, 1, l.after); l.after == 0 {
			return
		}
		err = nil
		s.Flow(l.after, &l.flow)
		rec.RuleSet, rec.Index, rec.FirstTime = l.flow.RuleSet, l.flow.Index, uint64(l.flow.FirstTime)
		rec.PeerType = s.PeerType(&l.flow)
		rec.Values = slices.Grow(rec.Values[:0], len(l.attrs))[:len(l.attrs)]
		for i, a := range l.attrs {
			v := &rec.Values[i]
			num, octets := s.Attr(&l.flow, a)
			v.Num, v.Len = num, uint8(copy(v.Octets[:], octets))
		}
	})
	return err
}

func (l *localFlows) Commit(context.Context) error { return nil }
