package flowfile

import (
	"netramet/internal/digits"
	"netramet/mib"
	"netramet/reader"
	"netramet/reader/cells"
)

// appendRecord appends rec, which has values for all columns, as a line.
//
// A line has many columns, and most of them few octets. So there is room for all whose
// length is bounded before the first is written.
func (p *plan) appendRecord(b []byte, rec *reader.Record) ([]byte, error) {
	t, shown := rec.PeerType, p.peer >= 0
	if shown {
		t = peerType(rec.Values[p.peer].Num)
	}
	b, at := cells.Roomy(b, p.room)
	for i := range p.cols {
		c, v := &p.cols[i], &rec.Values[i]
		at = c.lead.Put(b, at)
		switch {
		case c.form == formNumber:
			at = digits.PutUint(b, at, v.Num)
		case c.form == formPort && v.Len == 2:
			at = digits.PutUint(b, at, uint64(v.Octets[0])<<8|uint64(v.Octets[1]))
		case c.form == formPeer && v.Len == 4 && t != mib.PeerNSAP:
			at = digits.PutQuad(b, at, v.Octets[:4])
		case c.form == formPeer && v.Len == 16 && t != mib.PeerNSAP:
			at = digits.PutIPv6(b, at, (*[16]byte)(v.Octets[:]))
		default:
			text, err := c.appendOther(b[:at], rec, i, t, shown)
			if err != nil {
				return b, err
			}
			b, at = cells.Roomy(text, p.room)
		}
	}
	return append(append(b[:at], p.tail...), '\n'), nil
}

// appendOther appends the value of column i of a record, whatever it is.
func (c *column) appendOther(b []byte, rec *reader.Record, i int, t mib.PeerType, shown bool) ([]byte, error) {
	if c.form == formDist {
		return appendDist(b, rec.Numbers(i)), nil
	}
	return c.appendValue(b, &rec.Values[i], t, shown)
}
