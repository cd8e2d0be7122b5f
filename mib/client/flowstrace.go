package client

import (
	"context"
	"fmt"

	"netramet/mib"
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
	err := f.c.StartTrace(ctx, Bool(Inst(mib.ObjNtmReaderWaits, first), true))
	if IsStatus(err, InconsistentName, NoCreation) {
		return fmt.Errorf("%w: %w", ErrNoRow, err)
	}
	return err
}

// ours sees that our reader rows are on the meter, and are ours.
func (f *Flows) ours(ctx context.Context) error {
	var names []Name
	for _, r := range f.cfg.Readers {
		names = append(names, ownerOf(r.Index))
	}
	v, err := f.c.Get(ctx, names...)
	if err != nil {
		return err
	}
	for i, r := range f.cfg.Readers {
		if !f.owns(v[i]) {
			return fmt.Errorf("%w (row %d)", ErrNoRow, r.Index)
		}
	}
	return nil
}

// Trace asks for the state of the trace. With ErrNoRow it is that of a meter
// which has our reader row no more: it was started again, and who waits for it
// would wait for ever; or it gave us up.
func (f *Flows) Trace(ctx context.Context) (Trace, error) {
	first := f.cfg.Readers[0]
	t, v, err := f.c.trace(ctx, ownerOf(first.Index))
	if err == nil && !f.owns(v[0]) {
		err = fmt.Errorf("%w (row %d)", ErrNoRow, first.Index)
	}
	return t, err
}
