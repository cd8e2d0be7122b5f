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
	// Failed is told of it at once, where a meter follows; nil: nobody is.
	Failed  func(error)
	to      *tracefile.Writer
	sampler meter.Sampler
	rate    uint32
	alone   bool
	err     error // of to
}

// NewWrite makes the stage; cfg is that of the meter. Alone says that no meter
// follows, so that a fault of the file ends the run.
func NewWrite(to *tracefile.Writer, cfg meter.Config, alone bool) *Write {
	return &Write{to: to, sampler: meter.NewSampler(cfg.Seed), rate: cfg.SampleRate, alone: alone}
}

// Run is the Stage.
func (w *Write) Run(b *wire.Batch) error {
	before := w.err
	for i := 0; i < len(b.Frames) && w.err == nil; i++ {
		if w.sampler.Draw(w.rate) {
			w.err = w.to.Write(&b.Frames[i])
		}
	}
	if w.err == nil {
		w.err = w.to.Flush()
	}
	if w.alone {
		return w.err
	}
	if w.err != nil && before == nil && w.Failed != nil {
		w.Failed(w.err)
	}
	return nil
}
