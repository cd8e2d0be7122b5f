package columns

import (
	"bytes"
	"encoding/base64"

	"netramet/mib"
	"netramet/reader"
)

// community is where a record has what its Community ID is made of: the full
// addresses, protocol and ports. ICMP has no ports here (its types are no attribute),
// so its flows have none.
type community struct {
	source, dest, sourcePort, destPort, protocol int   // places
	width                                        uint8 // of the addresses, in octets that are saved whole
	hash                                         *blockHash
}

// communityOf finds those places; ok is false if a FORMAT does not have all, or the
// rules do not save them whole.
func communityOf(task *reader.Task) (c community, ok bool) {
	attrs, saved := task.Format.Attrs, task.Saved
	if saved == nil || saved.Width(mib.AttrSourceTransAddress) < 16 || saved.Width(mib.AttrDestTransAddress) < 16 || saved.Width(mib.AttrSourceTransType) < 8 {
		return c, false
	}
	c.width = uint8(min(saved.Width(mib.AttrSourcePeerAddress), saved.Width(mib.AttrDestPeerAddress)) / 8)
	places := [...]struct {
		attrs [2]mib.Attr
		at    *int
	}{
		{[2]mib.Attr{mib.AttrSourcePeerAddress}, &c.source},
		{[2]mib.Attr{mib.AttrDestPeerAddress}, &c.dest},
		{[2]mib.Attr{mib.AttrSourceTransAddress}, &c.sourcePort},
		{[2]mib.Attr{mib.AttrDestTransAddress}, &c.destPort},
		{[2]mib.Attr{mib.AttrSourceTransType, mib.AttrDestTransType}, &c.protocol},
	}
	for _, p := range places {
		*p.at = -1
		for i, a := range attrs {
			if a == p.attrs[0] || a == p.attrs[1] && a != mib.AttrNull {
				*p.at = i
			}
		}
		if *p.at < 0 {
			return c, false
		}
	}
	c.hash = newBlockHash()
	return c, c.width >= 4
}

// hasPorts says which protocols have ports, for the Community ID.
func hasPorts(protocol uint64) bool {
	switch protocol {
	case 6, 17, 132: // TCP, UDP, SCTP
		return true
	}
	return false
}

// places are those of what it is made of.
func (c *community) places() []int {
	return []int{c.source, c.dest, c.sourcePort, c.destPort, c.protocol}
}

// append appends the Community ID of a flow. ok is false if the flow has none.
func (c *community) append(b []byte, rec *reader.Record) (_ []byte, ok bool) {
	source, dest := &rec.Values[c.source], &rec.Values[c.dest]
	sport, dport := &rec.Values[c.sourcePort], &rec.Values[c.destPort]
	n := source.Len
	if n != dest.Len || n != 4 && n != 16 || sport.Len != 2 || dport.Len != 2 {
		return b, false
	}
	return c.appendID(b, rec.Values[c.protocol].Num, source.Octets[:n], dest.Octets[:n], sport.Octets[:2], dport.Octets[:2])
}

// appendID appends the Community ID of addresses, of 4 or 16 octets both, and ports, of 2:
// version 1 with seed 0 (github.com/corelight/community-id-spec). ok is false if there is
// none.
func (c *community) appendID(b []byte, protocol uint64, source, dest, sport, dport []byte) (_ []byte, ok bool) {
	if len(source) > int(c.width) || protocol > 255 || !hasPorts(protocol) {
		return b, false
	}
	if o := bytes.Compare(source, dest); o > 0 || o == 0 && bytes.Compare(sport, dport) > 0 {
		source, dest, sport, dport = dest, source, dport, sport
	}
	text := append(c.hash.text(), 0, 0) // the seed
	text = append(append(text, source...), dest...)
	text = append(text, byte(protocol), 0)
	text = append(append(text, sport...), dport...)
	return base64.StdEncoding.AppendEncode(append(b, "1:"...), c.hash.sum(len(text))), true
}

// storedCommunity is the Community ID of flows as a meter's table has them, dressed.
type storedCommunity struct {
	id                                           *community
	dress                                        Dress
	source, dest, sourcePort, destPort, protocol mib.Place
}

// newStoredCommunity returns nil for flows that do not have all of it whole.
func newStoredCommunity(id *community, d Dress, places *mib.Places) *storedCommunity {
	s := &storedCommunity{id, d, places.List[id.source], places.List[id.dest], places.List[id.sourcePort], places.List[id.destPort], places.List[id.protocol]}
	whole := func(p *mib.Place, size uint8) bool { return p.In == mib.InOctets && !p.Number && p.Size == size }
	if size := s.source.Size; size != 4 && size != 16 || !whole(&s.source, size) || !whole(&s.dest, size) || !whole(&s.sourcePort, 2) || !whole(&s.destPort, 2) {
		return nil
	}
	return s
}

// Append implements cells.Other.
func (s *storedCommunity) Append(b []byte, f *mib.Stored) ([]byte, error) {
	of := func(p *mib.Place) []byte { return f.Octets[p.At : p.At+p.Size] }
	start := len(b)
	text, ok := s.id.appendID(append(b, s.dress.Before...), s.protocol.Num(f), of(&s.source), of(&s.dest), of(&s.sourcePort), of(&s.destPort))
	if !ok {
		return append(text[:start], s.dress.Null...), nil
	}
	return append(text, s.dress.After...), nil
}
