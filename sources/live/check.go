package live

import (
	"fmt"
	"slices"

	"netramet/sources/internal/ring"
	"netramet/sources/wire"
)

// checked returns options with all defaults filled in.
func (o Options) checked() (Options, error) {
	if len(o.Interfaces) == 0 {
		return o, fmt.Errorf("no interface to capture from")
	}
	for i, name := range o.Interfaces {
		switch {
		case name == Any && len(o.Interfaces) > 1:
			return o, fmt.Errorf("interface %s is all interfaces: none can be named beside it", Any)
		case slices.Contains(o.Interfaces[:i], name):
			return o, fmt.Errorf("interface %s is given twice", name)
		}
	}
	o.FirstInterface = max(o.FirstInterface, 1)
	if n := int(o.FirstInterface) - 1 + len(o.Interfaces); n > wire.MaxInterfaces {
		return o, fmt.Errorf("%d interfaces: a meter has at most %d", n, wire.MaxInterfaces)
	}
	if o.RingOctets == 0 {
		o.RingOctets = DefaultRingOctets
	}
	if o.BlockOctets == 0 {
		o.BlockOctets = DefaultBlockOctets
	}
	o.Rings = max(o.Rings, 1)
	switch b := o.BlockOctets; {
	case b < MinBlockOctets || b > MaxBlockOctets || b&(b-1) != 0:
		return o, fmt.Errorf("blocks of %d octets: they have from %d to %d, a power of two", b, MinBlockOctets, MaxBlockOctets)
	case o.RingOctets < ring.MinBlocks*b || o.RingOctets > MaxRingOctets:
		return o, fmt.Errorf("a ring of %d octets: it has from %d, %d blocks of %d, to %d", o.RingOctets, ring.MinBlocks*b, ring.MinBlocks, b, MaxRingOctets)
	case o.Rings > MaxRings:
		return o, fmt.Errorf("%d rings: an interface has at most %d", o.Rings, MaxRings)
	case o.SnapLen < 0:
		return o, fmt.Errorf("a snapshot length of %d octets", o.SnapLen)
	}
	return o, nil
}
