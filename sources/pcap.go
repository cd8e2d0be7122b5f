package sources

import (
	"errors"
	"fmt"
	"math"
	"math/bits"

	"netramet/sources/wire"
)

const (
	pcapHeaderLen = 24
	// pcapRecordLen is the length of the standard record header; the variants
	// have more behind it.
	pcapRecordLen = 16
)

// pcap parses the records of a pcap trace. Its file and record headers are
// those of the tcpdump group's format, in either byte order, and the variants
// that pcapVariants lists.
//
// What a record says of itself is repaired rather than refused where that is
// safe, and counted as odd: seconds' fractions of a second or more carry over,
// and where the captured length is above the wire length all that is captured is
// handed over, for the decoder to tell which of the two is right. Captured
// lengths above the header's snapshot length are common and mean nothing; the
// snapshot length is not used.
type pcap struct {
	count     *wire.SourceStats
	variants  []pcapVariant // candidates, until recordLen is known
	recordLen int           // octets of a record header, 0 until known
	order     byteOrder
	foreign   bool   // the order of octets or of lengths is not ours
	anyOrder  bool   // the lengths' order is not known: the smaller is the captured one
	unit      int64  // nanoseconds of one count of the fraction
	fcs       uint32 // octets at a frame's end that are not counted
	said      FCS    // what the user says of them
	link      wire.LinkType
	number    uint8 // of the interface
}

// startPcap reads the file header.
func startPcap(t *trace) error {
	h, err := t.header(pcapHeaderLen)
	if err != nil {
		return err
	}
	magic, order, _ := pcapOrder(h)
	p := &pcap{count: &t.count, order: order, unit: 1000, variants: pcapVariants(magic)}
	if magic == pcapNano {
		p.unit = 1
	}
	if len(p.variants) == 1 {
		p.recordLen = p.variants[0].recordLen
	}
	major, minor := order.u16(h[4:]), order.u16(h[6:])
	// Writers before version 2.3, some that say 2.3, and DG/UX, which says
	// 543.0, store the wire length first. Of two lengths only the smaller can
	// be the captured one.
	p.anyOrder = major == 2 && minor <= 3 || major == 543 && minor == 0
	p.foreign = p.order != littleEndian || p.anyOrder
	if major != 2 && !p.anyOrder {
		return unsupported(fmt.Sprintf("%s: pcap version %d.%d: not supported by this version", t.name, major, minor))
	}
	p.setLink(order.u32(h[20:]), major, minor)
	t.info.SnapLen, t.info.Variant = order.u32(h[16:]), pcapName(magic, order)
	p.fcs, p.said = t.fcs.of(p.link, p.fcs), t.fcs
	p.number = t.first
	t.info.LinkTypes = []wire.LinkType{p.link}
	t.parser = p
	t.feed.advance(pcapHeaderLen)
	return nil
}

// about implements describer.
func (p *pcap) about(uint8) Interface { return Interface{Link: p.link} }

// setLink takes the link type field apart: the type in the low 16 bits, and,
// if bit 26 is set, the frame check sequence's length in the top four, in
// units of 16 bits.
func (p *pcap) setLink(field uint32, major, minor uint16) {
	const fcsPresent = 1 << 26
	if field&fcsPresent != 0 {
		p.fcs = field >> 28 * 2
	}
	p.link = wire.Stored(uint16(field))
	if major != 2 || minor != 2 {
		return
	}
	// AIX stores version 2.2, its own interface types and nanoseconds.
	aix := map[uint32]wire.LinkType{6: wire.LinkEthernet, 9: 6, 15: 10, 24: wire.LinkNull}
	if l, ok := aix[field]; ok {
		p.link, p.unit = l, 1
	}
}

// pcapName says what is special about a file with a magic number.
func pcapName(magic uint32, order byteOrder) string {
	name := map[uint32]string{pcapNano: "nanoseconds", pcapModified: "modified"}[magic]
	switch {
	case order != bigEndian:
		return name
	case name == "":
		return "big-endian"
	}
	return name + ", big-endian"
}

// record is what a record header says, its lengths in order.
type record struct {
	seconds, fraction uint32
	captured, wire    uint32
}

// record reads a record header.
func (p *pcap) record(h *[pcapRecordLen]byte) record {
	r := record{
		littleEndian.u32(h[0:]), littleEndian.u32(h[4:]), littleEndian.u32(h[8:]), littleEndian.u32(h[12:]),
	}
	if p.foreign {
		r = p.turn(r)
	}
	return r
}

// turn puts right what record read in a foreign order.
func (p *pcap) turn(r record) record {
	if p.order == bigEndian {
		r.seconds, r.fraction = bits.ReverseBytes32(r.seconds), bits.ReverseBytes32(r.fraction)
		r.captured, r.wire = bits.ReverseBytes32(r.captured), bits.ReverseBytes32(r.wire)
	}
	if p.anyOrder && r.captured > r.wire {
		r.captured, r.wire = r.wire, r.captured
	}
	return r
}

// odd tells a record that contradicts itself.
func (p *pcap) odd(r record) bool {
	return r.captured > r.wire || int64(r.fraction)*p.unit >= 1e9
}

// strange tells a record header that may be none: nothing but zeros, or the
// magic number of a file, which would be a time.
func (r record) strange() bool {
	return r.seconds|r.fraction|r.captured|r.wire == 0 ||
		r.seconds>>16 == 0xa1b2 || r.seconds&0xffff == 0xb2a1 || r.seconds == blockSection
}

var (
	errZeros  = errors.New("zeros where a record should be")
	errHeader = errors.New("a second file header where a record should be: traces are put together with mergecap, not one behind the other")
)

// stranger says what a strange record header is: zeros up to the end of the
// next one, or of the trace, are no packets. need is what there must be to tell.
func (p *pcap) stranger(data []byte, eof bool) (need int, err error) {
	if isFileHeader(data) {
		return 0, errHeader
	}
	if need := 2 * p.recordLen; len(data) < need && !eof {
		return need, nil
	}
	for _, b := range data[:min(len(data), 2*p.recordLen)] {
		if b != 0 {
			return 0, nil
		}
	}
	return 0, errZeros
}

// isFileHeader tells the beginning of a pcap or pcapng file by more than its
// magic number; there are at least pcapRecordLen octets.
func isFileHeader(data []byte) bool {
	if isPcapNG(data) {
		_, err := sectionOrder(data)
		return err == nil
	}
	return isPcapVersion(data)
}

// isPcapVersion tells a pcap file's magic number and version, of 8 octets.
func isPcapVersion(data []byte) bool {
	_, order, ok := pcapOrder(data)
	return ok && order.u16(data[4:]) == 2 && order.u16(data[6:]) <= 4
}

// withoutFCS is how many of a record's captured octets are none of a frame check
// sequence of n, which was counted in both lengths. Where they contradict each
// other it ends what is captured.
func withoutFCS(captured, onWire, n uint32) uint32 {
	if captured > onWire {
		return captured - min(n, captured)
	}
	return min(captured, onWire-min(n, onWire))
}

// parse implements parser.
func (p *pcap) parse(b *wire.Batch, data []byte, eof bool) (used int64, need int, err error) {
	if p.recordLen == 0 {
		if need := p.probe(data, eof); need > 0 {
			return 0, need, nil
		}
	}
	// What a record needs of p is copied, or it would be loaded again after
	// every store to a frame.
	q := *p
	head, start, octets := q.recordLen, len(data), uint64(0)
	stored := uint64(0)
	frames := b.Frames
	for need = head; len(frames) < wire.BatchSize && len(data) >= head; need = head {
		r := q.record((*[pcapRecordLen]byte)(data))
		if r.strange() {
			if need, err = q.stranger(data, eof); need > 0 || err != nil {
				break
			}
			need = head
		}
		if r.captured > MaxCapLen {
			err = fmt.Errorf("captured length %d is above the limit of %d", r.captured, MaxCapLen)
			break
		}
		end := head + int(r.captured)
		if len(data) < end {
			need = end
			break
		}
		if q.odd(r) {
			p.count.Odd++
		}
		onWire, keep := r.wire, head+int(r.captured)
		if q.fcs != 0 {
			cut := withoutFCS(r.captured, r.wire, q.fcs)
			r.wire -= min(q.fcs, r.wire)
			keep = head + int(cut)
		}
		frames = frames[:len(frames)+1]
		f := &frames[len(frames)-1]
		f.Time = int64(r.seconds)*1e9 + int64(r.fraction)*q.unit
		f.Data = data[head:keep:keep]
		f.WireLen = r.wire
		f.LinkType, f.Interface, f.Flags, f.VLAN = q.link, q.number, 0, 0
		if q.link == wire.LinkERF && !insideERF(f, q.said, p.count) {
			frames = frames[:len(frames)-1]
		} else {
			octets += uint64(f.WireLen)
			if q.link != wire.LinkERF {
				stored += storedOctets(q.link, onWire)
			}
		}
		data = data[end:]
	}
	b.Frames = frames
	p.count.Octets += octets
	p.count.Stored += stored
	return int64(start - len(data)), need, err
}

// No record's time overflows: this would not compile.
const _ = uint64(math.MaxInt64 - (math.MaxUint32*1_000_000_000 + math.MaxUint32*1000))
