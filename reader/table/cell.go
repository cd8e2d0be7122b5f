package table

import (
	"math/bits"
	"strconv"
	"time"

	"netramet/internal/plaintext"
	"netramet/mib"
	"netramet/reader"
	"netramet/reader/columns"
	"netramet/ruleset"
)

// none is the cell of a value that a flow has not.
const none = "-"

// shown says how an attribute's values are shown.
type shown struct {
	attr  mib.Attr
	at    int          // of the value in a record
	mask  int          // of the mask that goes with an address; -1 if there is none
	names reader.Namer // nil if no number of the attribute has a name
	column
}

// shownOf are the attributes of a task's FORMAT that a table shows as they are, in
// their order. Counters are not among them, nor are distributions, which no cell holds,
// and the rule set, which is the same in all of a table. A mask stands behind its
// address.
func shownOf(t reader.Task) (all []shown) {
	f := t.Format
	place := map[mib.Attr]int{}
	for i, a := range f.Attrs {
		place[a] = i
	}
	masked := map[mib.Attr]bool{}
	for i, a := range f.Attrs {
		if t.Saved != nil && !t.Saved.Has(a) || a.Class() == mib.ClassCounter || a.IsDistribution() || a == mib.AttrFlowRuleSet {
			continue
		}
		c, ok := ranks[a]
		if !ok {
			c.rank = rankApart
		}
		if a == mib.AttrFirstTime && i == 0 { // what comes first in a FORMAT is not extra
			c = column{rank: rankApart}
		}
		c.head, c.right, c.cut = heading(a), isRight(a), a.Class() == mib.ClassAddress && !isRight(a)
		s := shown{attr: a, at: i, mask: -1, column: c}
		if t.Names != nil && t.Names.Has(a) {
			s.names = t.Names
			if head, ok := namedHeadings[a]; ok {
				s.head, s.right, s.cut = head, false, true
			}
		}
		if info, _ := mib.Info(a); info.Mask != mib.AttrNull && isPeerAddress(a) {
			if at, ok := place[info.Mask]; ok {
				s.mask, masked[info.Mask] = at, true
			}
		}
		all = append(all, s)
	}
	kept := all[:0]
	for _, s := range all {
		if !masked[s.attr] {
			kept = append(kept, s)
		}
	}
	return kept
}

func isPeerAddress(a mib.Attr) bool {
	return a == mib.AttrSourcePeerAddress || a == mib.AttrDestPeerAddress
}

// isRight reports whether values of a stand at the right of their column, as numbers
// that can be compared do.
func isRight(a mib.Attr) bool {
	switch a.Class() {
	case mib.ClassAddress:
		return a == mib.AttrSourceTransAddress || a == mib.AttrDestTransAddress
	case mib.ClassNumber:
		return !isType(a) && !a.IsComputed()
	}
	return a.Class() == mib.ClassTime
}

// isType reports whether a's values say what an address is, 0 that there is none.
func isType(a mib.Attr) bool {
	switch a {
	case mib.AttrSourcePeerType, mib.AttrDestPeerType, mib.AttrSourceAdjacentType, mib.AttrDestAdjacentType, mib.AttrSourceTransType, mib.AttrDestTransType:
		return true
	}
	return false
}

// cell is the text of a value; ok is false if the flow has none, or one that says
// nothing, as a kind that no rule has set, or an address of zeros.
func (s *shown) cell(o *Options, iv *reader.Interval, rec *reader.Record) (text string, ok bool) {
	v := &rec.Values[s.at]
	switch {
	case s.attr.Class() == mib.ClassTime:
		return timeText(o, iv, v.Num), v.Num > 0
	case s.attr.Class() == mib.ClassNumber && v.Num == 0 && isType(s.attr):
		return none, false
	case s.attr.Class() == mib.ClassNumber && v.Num == 0:
		return "0", false
	}
	if s.names != nil {
		if name := s.names.Name(s.attr, v.Num); name != "" && o.Exact {
			return strconv.FormatUint(v.Num, 10) + " " + name, true
		} else if name != "" {
			return name, true
		}
	}
	switch s.attr {
	case mib.AttrSourcePeerType, mib.AttrDestPeerType:
		return mib.PeerType(v.Num).Name(), true
	case mib.AttrSourceTransType, mib.AttrDestTransType:
		if v.Num < 1<<8 {
			return ruleset.ProtocolName(uint8(v.Num)), true
		}
	}
	if s.attr.IsComputed() && !o.Exact && isLetter(v.Num) {
		return string(rune(v.Num)), true
	}
	var room [64]byte
	b, ok := columns.AppendValue(room[:0], v, s.attr)
	zero := v.Num == 0 && v.Octets == [mib.MaxAddress]byte{}
	if !ok || zero && s.mask < 0 && rec.PeerType == mib.PeerNone && isPeerAddress(s.attr) {
		return none, false // a meter gives what is not saved as zeros
	}
	if s.mask >= 0 {
		b = appendMask(b, v, &rec.Values[s.mask])
	}
	return plaintext.Clean(string(b)), !zero
}

// isLetter reports whether a computed number is shown as the letter or sign that a
// rule set wrote; digits are not, for who wrote 5 meant the number.
func isLetter(n uint64) bool { return n > ' ' && n < 0x7f && (n < '0' || n > '9') }

// appendMask adds the length of an address's mask, unless it is the whole address's
// or no prefix.
func appendMask(dst []byte, address, mask *reader.Value) []byte {
	if mask.Len == 0 || mask.Len != address.Len {
		return dst
	}
	ones, whole := 0, true
	for _, o := range mask.Octets[:mask.Len] {
		n := bits.LeadingZeros8(^o)
		if o<<n != 0 || !whole && n > 0 {
			return dst
		}
		ones, whole = ones+n, whole && n == 8
	}
	if whole {
		return dst
	}
	return strconv.AppendInt(append(dst, '/'), int64(ones), 10)
}

// yearKnown is how long before the interval's end a time is of the same year or the one
// before without a word.
const yearKnown = 180 * 24 * time.Hour

// timeText is a time of uptime as the time of day, with the day where that is not the
// interval's end's, and the year where it may be any; as seconds of uptime where the real
// time is unknown.
func timeText(o *Options, iv *reader.Interval, uptime uint64) string {
	t, end := iv.RealTime(uptime), iv.End()
	switch {
	case t.IsZero():
		return strconv.FormatFloat(float64(uptime)/100, 'f', 2, 64) + " s"
	case o.Exact:
		return t.In(o.zone()).Format(time.RFC3339Nano)
	case t.In(o.zone()).Format(time.DateOnly) == end.In(o.zone()).Format(time.DateOnly):
		return t.In(o.zone()).Format(time.TimeOnly)
	case end.Sub(t) > yearKnown:
		return t.In(o.zone()).Format(time.DateTime)
	}
	return t.In(o.zone()).Format("01-02 15:04:05")
}
