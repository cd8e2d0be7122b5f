package meter

import "netramet/internal/slab"

// ownTimes are, by tally, the uptimes of the last packets of records. A record comes
// when its exporter sends it, so the tally's last, which says when the flow has
// changed, is a later one.
type ownTimes struct {
	kept    bool // Config.Records
	records slab.Slab[Uptime]
	parts   slab.Slab[Uptime]
}

func (o *ownTimes) at(ref tallyRef) *Uptime {
	if ref&furtherPart != 0 {
		return o.parts.At(uint32(ref &^ furtherPart))
	}
	return o.records.At(uint32(ref))
}

// begin makes room for a tally, between rounds.
func (o *ownTimes) begin(ref tallyRef) {
	if !o.kept {
		return
	}
	if ref&furtherPart != 0 {
		o.parts.Extend(uint32(ref&^furtherPart) + 1)
	} else {
		o.records.Extend(uint32(ref) + 1)
	}
	*o.at(ref) = 0
}

// note notes when the last packet of a record came, in the tally's own lane.
func (o *ownTimes) note(ref tallyRef, last Uptime) {
	at := o.at(ref)
	*at = max(*at, last)
}

func (o *ownTimes) memory() int { return 8 * int(o.records.Len()+o.parts.Len()) }

// ownLast is when the last packet of a flow's records came.
func (t *flowTable) ownLast(slot uint32) Uptime {
	last := *t.own.at(tallyRef(slot))
	for at := t.parts.of(slot); at != 0; {
		last = max(last, *t.own.at(tallyRef(at-1) | furtherPart))
		at = t.parts.all.At(at - 1).next
	}
	return last
}
