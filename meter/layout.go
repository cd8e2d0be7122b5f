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
	fields [][]Field   // by number of shape
}

// NewLayout returns the layout of a list of attributes, which it keeps.
func NewLayout(attrs []mib.Attr) *Layout { return &Layout{attrs: attrs} }

// Field is where one attribute of a flow lies.
type Field struct {
	attr  mib.Attr
	place place
	at    uint8  // in the key
	size  uint8  // octets
	mask  []byte // which belongs to the shape
}

// place says where the values of a field are.
type place uint8

const (
	placeAsk    place = iota // State.Attr tells
	placeFlow                // a counter, a time or a name of the flow itself
	placeNumber              // in the key, a number
	placeZero                // a number that is not saved
	placeOctets              // in the key, an address
	placeMask                // in the shape
)

// Fields returns where the layout's attributes lie in a flow, one after the other.
// They are good for this flow only, and belong to the layout.
func (l *Layout) Fields(f *Flow) []Field {
	if l.shapes != f.shapes {
		l.shapes, l.fields = f.shapes, nil
	}
	n := pme.ShapeOf(f.key)
	for n >= len(l.fields) {
		l.fields = append(l.fields, nil)
	}
	if l.fields[n] == nil {
		for _, a := range l.attrs {
			l.fields[n] = append(l.fields[n], fieldOf(f, a))
		}
	}
	return l.fields[n]
}

func fieldOf(f *Flow, a mib.Attr) Field {
	fd := Field{attr: a}
	switch a.Class() {
	case mib.ClassAddress:
		if at, size, ok := f.shapes.Place(f.key, a); ok {
			fd.place, fd.at, fd.size = placeOctets, at, size
		}
	case mib.ClassMask:
		if m, ok := f.shapes.Mask(f.key, maskOf[a]); ok {
			fd.place, fd.size, fd.mask = placeMask, uint8(len(m)), m
		}
	case mib.ClassNumber, mib.ClassCounter, mib.ClassTime:
		if _, ok := f.own(a); ok {
			fd.place = placeFlow
		} else if at, size, ok := f.shapes.Place(f.key, a); ok {
			fd.place, fd.at, fd.size = placeNumber, at, size
		} else {
			fd.place = placeZero
		}
	}
	return fd
}

// Read reads what State.Attr gives for the field's attribute: a number into num,
// or octets into octets, of which it returns how many. ok is false where only
// State.Attr can tell.
func (fd *Field) Read(f *Flow, num *uint64, octets *[mib.MaxAddress]byte) (size uint8, ok bool) {
	switch fd.place {
	case placeFlow:
		*num, _ = f.own(fd.attr)
	case placeNumber:
		n := uint64(0)
		for _, b := range f.key[fd.at:][:fd.size] {
			n = n<<8 | uint64(b)
		}
		*num = n
	case placeZero:
		*num = 0
	case placeOctets:
		return uint8(copy(octets[:], f.key[fd.at:][:fd.size])), true
	case placeMask:
		return uint8(copy(octets[:], fd.mask)), true
	default:
		return 0, false
	}
	return 0, true
}
