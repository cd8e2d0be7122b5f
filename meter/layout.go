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
	asked  []int
	shapes *pme.Shapes   // of the rule set that it was used for last
	places []*mib.Places // by number of shape
}

// NewLayout returns the layout of a list of attributes, which it keeps.
func NewLayout(attrs []mib.Attr) *Layout {
	l := &Layout{attrs: attrs}
	for i, a := range attrs {
		if askedOnly[a] || a.IsDistribution() {
			l.asked = append(l.asked, i)
		}
	}
	return l
}

// Asked are the places in the list of those attributes that only State.Attr can tell.
// Where Places says that such a value lies has no meaning.
func (l *Layout) Asked() []int { return l.asked }

// askedOnly are the attributes of every flow that have to be worked out.
var askedOnly = [256]bool{
	mib.AttrFlowStatus: true, mib.AttrFlowTimeMark: true, mib.AttrDistributions: true,
	mib.AttrToLostPDUs: true, mib.AttrFromLostPDUs: true,
}

// of returns where the layout's attributes lie in a flow, by its key.
func (l *Layout) of(shapes *pme.Shapes, key []byte) *mib.Places {
	if l.shapes != shapes {
		l.shapes, l.places = shapes, nil
	}
	n := pme.ShapeOf(key)
	if n < len(l.places) && l.places[n] != nil {
		return l.places[n]
	}
	for n >= len(l.places) {
		l.places = append(l.places, nil)
	}
	list := make([]mib.Place, len(l.attrs))
	for i, a := range l.attrs {
		list[i] = placeOf(shapes, key, a)
	}
	l.places[n] = mib.NewPlaces(n, list)
	return l.places[n]
}

// placeOf finds out where an attribute lies.
func placeOf(shapes *pme.Shapes, key []byte, a mib.Attr) mib.Place {
	at, size, saved := shapes.Place(key, a)
	switch a.Class() {
	case mib.ClassAddress:
		if saved {
			return mib.Place{In: mib.InOctets, At: at, Size: size}
		}
		return notSaved(shapes, key, a)
	case mib.ClassMask:
		if m, ok := shapes.Mask(key, maskOf[a]); ok {
			v := mib.Value{Len: uint8(len(m))}
			copy(v.Octets[:], m)
			return mib.Place{Fixed: v}
		}
		return notSaved(shapes, key, maskOf[a])
	}
	if at, ok := ownPlaces[a]; ok {
		return mib.Place{In: mib.InNumbers, At: uint8(at)}
	}
	if saved {
		return mib.Place{In: mib.InOctets, At: at, Size: size, Number: true}
	}
	return mib.Place{}
}

// ownPlaces are the attributes that are of every flow and need no more than to be read.
var ownPlaces = map[mib.Attr]mib.StoredNumber{
	mib.AttrFlowIndex: mib.StoredIndex, mib.AttrFlowRuleSet: mib.StoredRuleSet,
	mib.AttrToOctets: mib.StoredToOctets, mib.AttrToPDUs: mib.StoredToPDUs,
	mib.AttrFromOctets: mib.StoredFromOctets, mib.AttrFromPDUs: mib.StoredFromPDUs,
	mib.AttrFirstTime: mib.StoredFirstTime, mib.AttrLastActiveTime: mib.StoredLastActive,
}

// notSaved is where an address lies, or a mask of it, that rules did not save.
func notSaved(shapes *pme.Shapes, key []byte, a mib.Attr) mib.Place {
	if a == mib.AttrSourcePeerAddress || a == mib.AttrDestPeerAddress {
		if at, _, saved := shapes.Place(key, mib.AttrSourcePeerType); saved {
			return mib.Place{In: mib.InPeerType, At: at}
		}
		return mib.Place{Fixed: mib.Value{Len: 4}}
	}
	return mib.Place{Fixed: mib.Value{Len: uint8(a.UsualSize())}}
}
