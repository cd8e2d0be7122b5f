package packet

import (
	"math"

	"netramet/sources/wire"
)

// TakeRecord makes p, as DecodeTo has filled it from the record's frame, a packet
// that was Exported. Interfaces beyond 255, which the attributes do not hold, are 255.
func (p *Packet) TakeRecord(r *wire.Record) {
	x := &r.Exporter
	p.Flags |= Exported
	if x.Interface != [2]uint32{} {
		for end, n := range x.Interface {
			p.Interface[end] = uint8(min(n, math.MaxUint8))
		}
	}
	p.Origin = Origin{MeterID: x.ID, ASN: x.ASN, Prefix: x.Prefix}
}

// Override takes over what another Origin tells.
func (o *Origin) Override(by *Origin) {
	if by.MeterID != 0 {
		o.MeterID = by.MeterID
	}
	for end := range o.ASN {
		if by.ASN[end] != 0 {
			o.ASN[end] = by.ASN[end]
		}
		if by.Prefix[end] != 0 {
			o.Prefix[end] = by.Prefix[end]
		}
	}
}
