package columns

import (
	"bytes"
	"crypto/sha1"
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

// append appends the Community ID of a flow, version 1 with seed 0
// (github.com/corelight/community-id-spec). ok is false if the flow has none.
func (c *community) append(b []byte, rec *reader.Record) (_ []byte, ok bool) {
	source, dest := &rec.Values[c.source], &rec.Values[c.dest]
	sport, dport := &rec.Values[c.sourcePort], &rec.Values[c.destPort]
	protocol := rec.Values[c.protocol].Num
	n := source.Len
	if n != dest.Len || n != 4 && n != 16 || n > c.width || protocol > 255 || !hasPorts(protocol) || sport.Len != 2 || dport.Len != 2 {
		return b, false
	}
	if o := bytes.Compare(source.Octets[:n], dest.Octets[:n]); o > 0 || o == 0 && bytes.Compare(sport.Octets[:2], dport.Octets[:2]) > 0 {
		source, dest, sport, dport = dest, source, dport, sport
	}
	var store [64]byte
	text := append(store[:0], 0, 0) // the seed
	text = append(append(text, source.Octets[:n]...), dest.Octets[:n]...)
	text = append(text, byte(protocol), 0)
	text = append(append(text, sport.Octets[:2]...), dport.Octets[:2]...)
	sum := sha1.Sum(text)
	return base64.StdEncoding.AppendEncode(append(b, "1:"...), sum[:]), true
}
