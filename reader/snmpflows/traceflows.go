package snmpflows

import (
	"context"
	"fmt"

	"netramet/mib"
	"netramet/mib/client"
	"netramet/mib/remotemeter"
)

// StartTrace says that the reader has set up what it wants, and waits for the
// trace's intervals. It does so together with what only a meter that has our
// rows can do: one that was started again meanwhile would else read its trace
// for nobody.
func (f *Flows) StartTrace(ctx context.Context) error {
	if err := f.ours(ctx); err != nil {
		return err
	}
	first := uint32(f.cfg.Readers[0].Index)
	err := f.m.StartTrace(ctx, client.Bool(client.Inst(mib.ObjNtmReaderWaits, first), true))
	if client.IsStatus(err, client.InconsistentName, client.NoCreation) {
		return fmt.Errorf("%w: %w", remotemeter.ErrNoRow, err)
	}
	return err
}

// ours sees that our reader rows are on the meter, and are ours.
func (f *Flows) ours(ctx context.Context) error {
	var names []client.Name
	for _, r := range f.cfg.Readers {
		names = append(names, remotemeter.ReaderOwner(r.Index))
	}
	v, err := f.m.Get(ctx, names...)
	if err != nil {
		return err
	}
	for i, r := range f.cfg.Readers {
		if !f.owns(v[i]) {
			return fmt.Errorf("%w (row %d)", remotemeter.ErrNoRow, r.Index)
		}
	}
	return nil
}

// Trace asks for the state of the trace. With remotemeter.ErrNoRow it is that of a meter
// which has our reader row no more: it was started again, and who waits for it
// would wait for ever; or it gave us up.
func (f *Flows) Trace(ctx context.Context) (remotemeter.Trace, error) {
	first := f.cfg.Readers[0]
	t, v, err := f.m.TraceAnd(ctx, remotemeter.ReaderOwner(first.Index))
	if err == nil && !f.owns(v[0]) {
		err = fmt.Errorf("%w (row %d)", remotemeter.ErrNoRow, first.Index)
	}
	return t, err
}
