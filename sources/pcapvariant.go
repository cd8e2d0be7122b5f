package sources

// pcapVariant is a record header that hides behind a magic number it shares.
type pcapVariant struct {
	name      string
	recordLen int
	// second says that one record is no evidence: nothing in the extra octets
	// can be checked.
	second bool
}

// pcapVariants returns the record headers in use with a magic number, the
// likeliest first. Kuznetsov's patches added interface index (4 octets),
// protocol (2) and packet type (1) behind the header; Red Hat 6.1 shipped the
// one that kept the standard magic number, SuSE 6.3 the one that first had
// the new number and five more octets. Nokia's IPSO adds four octets.
func pcapVariants(magic uint32) []pcapVariant {
	switch magic {
	case pcapMicro:
		return []pcapVariant{
			{"standard", pcapRecordLen, false}, {"Red Hat 6.1", 24, false}, {"Nokia", 20, true},
		}
	case pcapModified:
		return []pcapVariant{{"modified", 24, false}, {"SuSE 6.3", 28, false}}
	}
	return []pcapVariant{{"nanoseconds", pcapRecordLen, false}}
}

const (
	// probeRecords is how many records a variant is judged by.
	probeRecords = 3
	// probeLen is how far into the trace they are looked for.
	probeLen = chunkSize / 2
	// maxIfIndex and maxPacketType are what the extra fields are believed up
	// to; Linux knows packet types 0 to 7.
	maxIfIndex    = 1<<16 - 1
	maxPacketType = 7
	// The records that a rarer variant is judged by must be of the years from
	// eraStart (1987) to eraEnd (2038): lengths and fractions of a second, read
	// in the wrong place, look like times only in traces whose clock starts at
	// zero, and those are none of systems that wrote such headers.
	eraStart = 1 << 29
	eraEnd   = 1 << 31
	// maxApart is how many seconds apart two neighbours are likely to be.
	maxApart = 30 * 24 * 3600
)

// probe chooses the variant by its fit to the first records, or returns how
// much data it needs to do so. A variant other than the first must fit without
// a fault, and its records must look like those of one trace, so that a
// damaged or odd standard trace stays one. The choice depends on the trace
// alone, not on how much of it was read at once.
func (p *pcap) probe(data []byte, eof bool) (need int) {
	if len(data) >= probeLen {
		data, eof = data[:probeLen], false
	}
	full := len(data) == probeLen
	best := p.variants[0]
	for i, v := range p.variants {
		faults, more := p.fit(v, data, eof, i > 0)
		if more > 0 && !full {
			return min(more, probeLen)
		}
		if faults == 0 {
			best = v
			break
		}
	}
	p.recordLen = best.recordLen
	return 0
}

// fit counts what speaks against a variant in the first records. If they are
// not all there, more is how much data the next one needs. With strict, times
// outside the era and frames longer than can be captured speak against it too,
// which are odd but sound in a standard trace.
func (p *pcap) fit(v pcapVariant, data []byte, eof, strict bool) (faults, more int) {
	pos := 0
	var first uint32 // seconds of the first record
	for i := range probeRecords {
		rest := data[pos:]
		if eof && len(rest) == 0 {
			if v.second && i < 2 || i == 1 && p.begun(v, data, first) {
				faults++
			}
			return faults, 0
		}
		if len(rest) < v.recordLen {
			return p.short(faults, pos+v.recordLen, eof)
		}
		r := p.record((*[pcapRecordLen]byte)(rest))
		if r.captured > MaxCapLen {
			return faults + 1, 0
		}
		if p.odd(r) || v.recordLen >= 24 && !p.plausible(rest[pcapRecordLen:]) {
			faults++
		}
		if i == 0 {
			first = r.seconds
		}
		if strict && (r.wire > MaxCapLen || !inEra(r.seconds)) {
			faults++
		}
		end := v.recordLen + int(r.captured)
		if len(rest) < end {
			return p.short(faults, pos+end, eof)
		}
		pos += end
	}
	return faults, 0
}

// begun tells a trace of one record of a variant from one of the first variant
// that was cut a few octets into its second record: what the longer header
// takes from the end of data would be the second record's time.
func (p *pcap) begun(v pcapVariant, data []byte, first uint32) bool {
	more := v.recordLen - p.variants[0].recordLen
	if more < 4 {
		return false
	}
	next := data[len(data)-more:]
	seconds := p.order.u32(next)
	if more < 8 {
		return max(first, seconds)-min(first, seconds) <= maxApart
	}
	return inEra(seconds) && int64(p.order.u32(next[4:]))*p.unit < 1e9
}

func inEra(seconds uint32) bool { return seconds >= eraStart && seconds < eraEnd }

// short is fit's verdict on data that ends inside a record.
func (p *pcap) short(faults, more int, eof bool) (int, int) {
	if eof {
		return faults + 1, 0
	}
	return faults, more
}

// plausible judges interface index and packet type.
func (p *pcap) plausible(extra []byte) bool {
	return p.order.u32(extra) <= maxIfIndex && extra[6] <= maxPacketType
}
