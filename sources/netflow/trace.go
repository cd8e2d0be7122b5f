package netflow

import (
	"net/netip"

	"netramet/sources"
	"netramet/sources/wire"
)

// Datagram finds the UDP datagram that a frame holds, and where it comes from; false
// if it holds none that flow records may be in, or not all of it.
type Datagram func(f *wire.Frame) (from netip.AddrPort, data []byte, ok bool)

// Over makes flow records of the datagrams that a trace holds. It owns the trace.
func Over(name string, trace sources.Source, find Datagram, opt Options) *Source {
	return newSource(name, &frames{trace: trace, find: find}, opt)
}

// frames is a trace as datagrams.
type frames struct {
	trace sources.Source
	find  Datagram
	batch wire.Batch
	at    int
	err   error // of the trace, behind the batch
	clock int64 // time of the newest frame that has one
}

func (x *frames) next(bool) (datagram, error) {
	for {
		for ; x.at < len(x.batch.Frames); x.at++ {
			f := &x.batch.Frames[x.at]
			if f.Time != wire.NoTime {
				x.clock = f.Time
			}
			if from, data, ok := x.find(f); ok {
				x.at++
				return datagram{from, x.clock, data}, nil
			}
		}
		if x.err != nil {
			return datagram{}, x.err
		}
		x.at = 0
		err := x.trace.Read(&x.batch)
		x.err = err
		if err == nil && len(x.batch.Frames) == 0 {
			return datagram{}, errNothing // a pipe that is silent
		}
	}
}

func (x *frames) stats() wire.SourceStats {
	st := x.trace.Stats()
	st.Odd = 0 // of frames
	return st
}

func (x *frames) Close() error {
	return x.trace.Close()
}
