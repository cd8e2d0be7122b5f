package mib

// Stored is a flow as a meter's table has it: what is of every flow as numbers, what its
// rule set saves as octets one behind the other. Who reads many flows is spared a Value
// for each attribute.
type Stored struct {
	RuleSet int
	Index   uint32 // FlowIndex
	// Numbers are what every flow has. From StoredAmounts on they are not for who fills
	// them, but for outputs behind package reader/amounts, as Baseline is.
	Numbers  [StoredNumbers]uint64
	Baseline bool // the flow was there before its reader: amounts cannot be known
	Octets   []byte
	Places   *Places // which attribute lies where
}

// StoredNumber is the place of an attribute in Stored.Numbers.
type StoredNumber uint8

// What every flow has.
const (
	StoredIndex StoredNumber = iota
	StoredRuleSet
	StoredToOctets
	StoredToPDUs
	StoredFromOctets
	StoredFromPDUs
	StoredFirstTime
	StoredLastActive
	// StoredAmounts are what was added in the interval to StoredToOctets and the counters
	// behind it, in their order.
	StoredAmounts

	StoredCounters = StoredFromPDUs + 1 - StoredToOctets // how many there are
	StoredNumbers  = 16                                  // room for all
)

// Places says where the values of a list of attributes lie. All flows that are alike,
// those whose rule set saved the same attributes of them, have one.
type Places struct {
	Number int     // different for each that a list of attributes has for one rule set, and small
	List   []Place // one for each attribute

	// The same by what they are, so that none is asked for that when a flow is read.
	numbers, digits, octets, others []listed
}

// listed is a place of a list.
type listed struct {
	to       uint16 // in the list
	at, size uint8
}

// NewPlaces returns the places of a list of attributes, of at most 65,535.
func NewPlaces(number int, list []Place) *Places {
	s := &Places{Number: number, List: list}
	for i := range list {
		p := &list[i]
		to := &s.others
		switch {
		case p.In == InNumbers:
			to = &s.numbers
		case p.In == InOctets && p.Number:
			to = &s.digits
		case p.In == InOctets:
			to = &s.octets
		}
		*to = append(*to, listed{uint16(i), p.At, p.Size})
	}
	return s
}

// Place is where the value of an attribute lies.
type Place struct {
	In   PlaceKind
	At   uint8 // place in Numbers, or the first of Octets
	Size uint8 // how many of Octets
	// Number says that Octets are a number, the highest one first.
	Number bool
	Fixed  Value // of InFixed
}

// PlaceKind is which part of a Stored has a value.
type PlaceKind uint8

const (
	InFixed   PlaceKind = iota // none: all flows that are alike have it
	InNumbers                  // Stored.Numbers
	InOctets                   // Stored.Octets
	// InPeerType is none: zeros, as many as addresses of the flow's peer type have. That
	// is where At says; 4 if it has none.
	InPeerType
)

// NumberPlace is the place of one of Stored.Numbers.
func NumberPlace(n StoredNumber) *Place { return &Place{In: InNumbers, At: uint8(n)} }

// Same reports whether all flows of a rule set that are alike have the same value.
func (p *Place) Same() bool {
	return p.In == InFixed || p.In == InNumbers && p.At == uint8(StoredRuleSet)
}

// Num returns a number of a flow: one of up to 8 octets.
func (p *Place) Num(f *Stored) uint64 {
	switch p.In {
	case InNumbers:
		return f.Numbers[p.At%StoredNumbers]
	case InOctets:
	default:
		return p.Fixed.Num
	}
	return readNumber(f.Octets[p.At:][:p.Size])
}

// Read makes v the value of a flow.
func (p *Place) Read(f *Stored, v *Value) {
	switch {
	case p.In == InFixed:
		*v = p.Fixed
	case p.In == InPeerType:
		*v = Value{Len: 4}
		if n := PeerType(f.Octets[p.At]).AddressSize(); n > 0 {
			v.Len = uint8(n)
		}
	case p.In == InNumbers || p.Number:
		*v = Value{Num: p.Num(f)}
	default:
		readOctets(v, f.Octets[p.At:], p.Size)
	}
}

// readOctets makes v an address.
func readOctets(v *Value, from []byte, size uint8) {
	*v = Value{Len: size}
	switch size {
	case 2: // ports
		*(*[2]byte)(v.Octets[:]) = [2]byte(from)
	case 4:
		*(*[4]byte)(v.Octets[:]) = [4]byte(from)
	default:
		copy(v.Octets[:], from[:size])
	}
}

// readNumber is a number in octets, the highest one first.
func readNumber(o []byte) (n uint64) {
	for _, b := range o {
		n = n<<8 | uint64(b)
	}
	return n
}

// Read reads the values of all attributes, one of values for each.
func (s *Places) Read(f *Stored, values []Value) {
	for _, x := range s.numbers {
		values[x.to] = Value{Num: f.Numbers[x.at%StoredNumbers]}
	}
	for _, x := range s.digits {
		values[x.to] = Value{Num: readNumber(f.Octets[x.at:][:x.size])}
	}
	for _, x := range s.octets {
		readOctets(&values[x.to], f.Octets[x.at:], x.size)
	}
	for _, x := range s.others {
		s.List[x.to].Read(f, &values[x.to])
	}
}
