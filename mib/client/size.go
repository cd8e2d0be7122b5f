package client

import (
	"strings"

	"netramet/mib"
	"netramet/mib/ber"
)

// Sizes of messages, in octets, worked out before they are sent or asked for:
// what does not get through is never heard of, so it must not be asked for.
// Each is the size in BER, or a little more.

// Octets is the size of the name as an OBJECT IDENTIFIER, header included.
func (n Name) Octets() int {
	size := 0
	for part := range strings.SplitSeq(strings.TrimPrefix(string(n), "."), ".") {
		// 128, 16384, 2097152 and 268435456 take one octet more.
		switch {
		case len(part) < 3 || len(part) == 3 && part < "128":
			size++
		case len(part) < 5 || len(part) == 5 && part < "16384":
			size += 2
		case len(part) < 7 || len(part) == 7 && part < "2097152":
			size += 3
		case len(part) < 9 || len(part) == 9 && part < "268435456":
			size += 4
		default:
			size += 5
		}
	}
	return ber.Size(size - 1) // the first two share an octet
}

// octets is the size of the variable in a message.
func (b Bind) octets() int {
	size := 6 // a number of 32 bits
	switch v := b.value.(type) {
	case string:
		size = ber.Size(len(v))
	case []byte:
		size = ber.Size(len(v))
	}
	return ber.Size(b.Name.Octets() + size)
}

// anyText is what is reckoned for text that may be of any length.
const anyText = 255

// Most is how much of an answer the variable takes at most. Of one that is in no
// module of ours nothing is known but that meters have small ones.
func (n Name) Most() int {
	value := ber.MaxSize64
	if oid, ok := n.oid(); ok {
		if o, _, ok := mib.FindObject(oid); ok {
			value = largest(o.Info())
		}
	}
	return ber.Size(n.Octets() + value)
}

// largest is the size of the largest value of an object.
func largest(o *mib.Object) int {
	switch o.Syntax {
	case mib.SyntaxOctets:
		return ber.Size(int(min(o.Max, anyText)))
	case mib.SyntaxCounter64:
		return ber.MaxSize64
	}
	return ber.MaxSize32
}

// fitting is how many of the things, the first ones, have sizes that fit into
// room together; one at least.
func fitting[T any](all []T, room int, size func(T) int) (n, octets int) {
	for n < len(all) {
		s := size(all[n])
		if n > 0 && octets+s > room {
			break
		}
		octets += s
		n++
	}
	return n, octets
}

// envelope is the size of a message beside its variables, or a little more.
func (s *Security) envelope() int {
	const (
		lists = 4 + 3 + 4 + 4             // the message, its version, PDU and list of variables
		pdu   = 6 + 6 + 6                 // request-id, and the two behind it, which GetBulk fills
		v3    = 2 + 6 + 5 + 3 + 3         // header
		usm   = 3 + 3 + 6 + 6 + 2 + 2 + 2 // security parameters but for their text
		scope = 4 + 4 + 2                 // scoped PDU
		id    = 2 + 32                    // an engine ID
		salt  = 8
		pad   = 8
	)
	if s.Version != V3 {
		return lists + pdu + ber.Size(len(s.Community))
	}
	size := lists + pdu + v3 + usm + scope + 2*id + len(s.User)
	if s.AuthPass != "" {
		size += maxDigest
	}
	if s.PrivPass != "" {
		size += salt + pad
	}
	return size
}

// maxDigest is the size of the longest msgAuthenticationParameters (RFC 7860).
const maxDigest = 48
