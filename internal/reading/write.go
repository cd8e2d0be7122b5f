package reading

import (
	"netramet/meter"
	"netramet/sources/tracefile"
	"netramet/sources/wire"
)

// Write is the stage that writes frames to a trace file, as the stages before it
// have left them. Of a sampled trace it writes what the meter meters.
//
// What goes wrong with the file is no fault of the trace: where a meter follows it
// gets every frame all the same, and the error shows when the file is closed.
type Write struct {
	to      *tracefile.Writer
	sampler meter.Sampler
	rate    uint32
	failed  func(error)
	err     error // of to
}

// NewWrite makes the stage; cfg is that of the meter. failed is told of a fault of the file
// at once; it is nil if no meter follows, so that the fault ends the run.
func NewWrite(to *tracefile.Writer, cfg meter.Config, failed func(error)) *Write {
	return &Write{to: to, sampler: meter.NewSampler(cfg.Seed), rate: cfg.SampleRate, failed: failed}
}

// Run is the Stage.
func (w *Write) Run(b *wire.Batch) error {
	if w.err == nil {
		if w.err = w.write(b); w.err != nil && w.failed != nil {
			w.failed(w.err)
		}
	}
	if w.failed == nil {
		return w.err
	}
	return nil
}

func (w *Write) write(b *wire.Batch) error {
	for i := range b.Frames {
		if !w.sampler.Draw(w.rate) {
			continue
		}
		if err := w.to.Write(&b.Frames[i]); err != nil {
			return err
		}
	}
	return w.to.Flush()
}
