package sources

import "netramet/sources/wire"

// ERFPorts is how many ports of a card the records of ERF tell apart.
const ERFPorts = 4

// ERF decodes records that lie in memory, as a card has written them there, in the
// way in which those of a file are read. It is one goroutine's.
type ERF struct {
	parser erf
	count  wire.SourceStats
}

// NewERF returns a decoder with the check sequences and the first interface of
// opt, which is that of the first port.
func NewERF(opt Options) *ERF {
	e := &ERF{}
	e.parser = newErf(&e.count, opt.FCS, max(opt.FirstInterface, 1))
	return e
}

// Decode appends to the batch, until it is full, the frames of the whole records
// at the start of data, and returns the octets that those records take. Most frames
// lie in data; none refers to it but through the batch. What follows is a record of
// which data has only a part, or one that is none: then the error says why. End says
// that nothing follows data: frames whose cells have not all come are handed over then,
// as they are before damage.
func (e *ERF) Decode(b *wire.Batch, data []byte, end bool) (used int, err error) {
	before := len(b.Frames)
	n, _, err := e.parser.parse(b, data, end)
	e.count.Frames += uint64(len(b.Frames) - before)
	return int(n), err
}

// Stats returns the counts of what was decoded: frames, octets, records, and the
// frames that records say were lost before them.
func (e *ERF) Stats() wire.SourceStats { return e.count }

// Lost returns how many of the frames that were lost belong to a port, which is
// below ERFPorts.
func (e *ERF) Lost(port int) uint64 { return e.parser.lost[port] }
