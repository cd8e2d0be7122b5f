// Package wire is what sources hand to the meter: frames as they were on the
// wire, in batches. It is a leaf: types only, no I/O, nothing of ours imported.
//
// Sources fill batches, stages of reading may drop frames of them; nobody else
// writes to them.
package wire

import "math"

// BatchSize is the most frames a batch holds.
const BatchSize = 256

// NoTime is the Time of a frame whose source does not know it; such a frame
// takes the present clock.
const NoTime = math.MinInt64

// Flags are facts a source knows of a frame.
type Flags uint8

// The facts.
const (
	// HasVLAN: VLAN is valid (a capture ring stripped the tag from Data).
	HasVLAN Flags = 1 << iota
	// NoFrameLen: WireLen is unknown (SPB without length, ATM cells, TSH);
	// count the network-layer length instead.
	NoFrameLen
	// Merged: several packets of the link that the system has put together to one
	// (GRO), or one that it will take apart (GSO). WireLen is that of the one.
	Merged
)

// MaxInterfaces is the largest number of an interface; they count from 1, and 0 is
// none.
const MaxInterfaces = 255

// Frame is one captured frame. Data belongs to the Batch it came in.
type Frame struct {
	Time      int64  // Unix nanoseconds, or NoTime
	Data      []byte // captured octets; more than WireLen if the record contradicts itself
	WireLen   uint32 // octets on the wire, without FCS
	LinkType  LinkType
	Interface uint8 // 1..MaxInterfaces in order of first appearance (decision 14)
	Flags     Flags
	VLAN      uint16 // tag control information, valid iff HasVLAN
}

// Record is many packets in one, as NetFlow input gives them. A source of
// frames never fills it.
type Record struct {
	// Frame is the header facts, as one frame. Time is when the record came, which
	// moves the clock; Interface is that of the meter, one for each exporter.
	Frame     Frame
	FirstTime int64  // Unix nanoseconds of the first packet, or NoTime
	LastTime  int64  // of the last one, or NoTime
	PDUs      uint64 // at least 1
	Octets    uint64 // of all packets, whatever the meter counts, or OctetsOfFrame
	Exporter  Exporter
}

// OctetsOfFrame says that a record's octets are PDUs times those of the frame.
const OctetsOfFrame = math.MaxUint64

// Exporter is what the exporter of a record knows of its packets beside their
// octets. Zero is "not told". Pairs are those of source and dest.
type Exporter struct {
	ID        uint32    // of the exporter itself
	ASN       [2]uint32 // autonomous systems
	Interface [2]uint32 // ifIndex on the exporter: where the packets came in, and went out
	Prefix    [2]uint8  // lengths of the prefixes of the addresses
}

// Batch is what one Read returns: up to BatchSize frames in source order, or
// records, which come after the frames where there are both.
//
// Frame data stays valid until the batch is given to Read again or released;
// a source allows at least eight batches in flight and takes memory back in
// order as the oldest is released.
type Batch struct {
	Frames  []Frame
	Records []Record

	store [BatchSize]Frame
	owner func(*Batch)
}

// Reset releases what the batch holds and makes it empty, ready to be filled
// by append to Frames (capacity BatchSize). Sources call it first in Read.
func (b *Batch) Reset() {
	b.Release()
	b.Frames = b.store[:0]
	b.Records = b.Records[:0]
}

// SetOwner sets the hook that Release calls once; it belongs to the source.
func (b *Batch) SetOwner(release func(*Batch)) { b.owner = release }

// Release gives the frame data back to the source. It may be called twice.
func (b *Batch) Release() {
	if f := b.owner; f != nil {
		b.owner = nil
		f(b)
	}
	b.Frames, b.Records = b.Frames[:0], b.Records[:0]
}
