package meter

import (
	"netramet/meter/pme"
	"netramet/mib"
)

// Layout is a list of attributes that is read from many flows, with where each
// of them lies. Flows whose keys have one shape are alike in that, so it is looked
// for once for each shape. A Layout is for one goroutine.
type Layout struct {
	attrs  []mib.Attr
	shapes *pme.Shapes // of the rule set that it was used for last
	fields []*Fields   // by number of shape
}

// NewLayout returns the layout of a list of attributes, which it keeps.
func NewLayout(attrs []mib.Attr) *Layout { return &Layout{attrs: attrs} }

// Fields are where a layout's attributes lie in flows of one shape, by where that is:
// so none is asked for what it is when a flow is read.
type Fields struct {
	// Asked are the places of those in the list that only State.Attr can tell.
	Asked []int

	own     []field // a counter, a time or a name of the flow itself: at is its place in Flow.own
	numbers []field // in the key
	octets  []field // in the key, addresses
	masks   []mask  // of the shape
	zero    []int   // places of numbers that are not saved
}

// field is where the value of an attribute lies.
type field struct {
	to   int   // its place in the list
	at   uint8 // in the key
	size uint8 // octets
}

// mask is a mask, which all flows of a shape have.
type mask struct {
	to    int
	value mib.Value
}

// Fields returns where the layout's attributes lie in a flow. They are good for this
// flow only, and belong to the layout.
func (l *Layout) Fields(f *Flow) *Fields {
	if l.shapes != f.shapes {
		l.shapes, l.fields = f.shapes, nil
	}
	n := pme.ShapeOf(f.key)
	for n >= len(l.fields) {
		l.fields = append(l.fields, nil)
	}
	if l.fields[n] == nil {
		l.fields[n] = &Fields{}
		for i, a := range l.attrs {
			l.fields[n].add(f, i, a)
		}
	}
	return l.fields[n]
}

// add finds out where an attribute lies.
func (x *Fields) add(f *Flow, to int, a mib.Attr) {
	at, size, saved := f.shapes.Place(f.key, a)
	switch a.Class() {
	case mib.ClassAddress:
		if saved {
			x.octets = append(x.octets, field{to, at, size})
			return
		}
	case mib.ClassMask:
		if m, ok := f.shapes.Mask(f.key, maskOf[a]); ok {
			v := mib.Value{Len: uint8(len(m))}
			copy(v.Octets[:], m)
			x.masks = append(x.masks, mask{to, v})
			return
		}
	case mib.ClassNumber, mib.ClassCounter, mib.ClassTime:
		if at, ok := ownPlaces[a]; ok {
			x.own = append(x.own, field{to: to, at: at})
			return
		}
		if _, ok := f.own(a); ok {
			break
		}
		if saved {
			x.numbers = append(x.numbers, field{to, at, size})
		} else {
			x.zero = append(x.zero, to)
		}
		return
	}
	x.Asked = append(x.Asked, to)
}

// ownPlaces are the attributes that are of every flow and need no more than to be read,
// by their place in what Fields.Read has of the flow.
var ownPlaces = map[mib.Attr]uint8{
	mib.AttrFlowIndex: 0, mib.AttrFlowRuleSet: 1,
	mib.AttrToOctets: 2, mib.AttrToPDUs: 3, mib.AttrFromOctets: 4, mib.AttrFromPDUs: 5,
	mib.AttrFirstTime: 6, mib.AttrLastActiveTime: 7,
}

// Read reads what State.Attr gives for the attributes, one value for each, but for those
// that are Asked.
func (x *Fields) Read(f *Flow, values []mib.Value) {
	own := [8]uint64{
		uint64(f.Index), uint64(f.RuleSet), f.Octets[0], f.PDUs[0], f.Octets[1], f.PDUs[1],
		uint64(f.FirstTime), uint64(f.LastActive),
	}
	for _, fd := range x.own {
		values[fd.to] = mib.Value{Num: own[fd.at&7]}
	}
	key := f.key
	for _, fd := range x.numbers {
		n := uint64(0)
		for _, b := range key[fd.at:][:fd.size] {
			n = n<<8 | uint64(b)
		}
		values[fd.to] = mib.Value{Num: n}
	}
	for _, fd := range x.octets {
		v := &values[fd.to]
		*v = mib.Value{Len: fd.size}
		switch from := key[fd.at:]; fd.size {
		case 2: // ports
			*(*[2]byte)(v.Octets[:]) = [2]byte(from)
		case 4:
			*(*[4]byte)(v.Octets[:]) = [4]byte(from)
		default:
			copy(v.Octets[:], from[:fd.size])
		}
	}
	for i := range x.masks {
		values[x.masks[i].to] = x.masks[i].value
	}
	for _, to := range x.zero {
		values[to] = mib.Value{}
	}
}
