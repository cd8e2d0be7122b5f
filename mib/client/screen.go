package client

// fits reports whether a datagram can be the answer to a message: it is one
// whole SNMP message of the same version, and carries the same request-id (or,
// in SNMPv3, msgID). What is in it is gosnmp's to read, which ends a request
// at the first datagram that it cannot; so what somebody else sends, or a
// network garbles, must not come so far. why says what is wrong.
func fits(answer, question []byte) (ok bool, why string) {
	a, ok := readHead(answer)
	if !ok {
		return false, "it is no SNMP message"
	}
	q, ok := readHead(question)
	switch {
	case !ok || a.version != q.version:
		return false, "it is of another version of SNMP"
	case a.id != q.id:
		return false, late
	case a.version != version3 && a.pdu != tagResponse && a.pdu != tagReport:
		return false, "it is no response"
	}
	return true, ""
}

// The tags of PDUs that answer.
const (
	tagResponse = 0xa2
	tagReport   = 0xa8
)

// version3 is the version number of SNMPv3 in messages.
const version3 = 3

// late is what is wrong with the answer to another request: it may have come
// twice, or after the request was given up, which is nothing odd.
const late = "it belongs to another request"

// head is the beginning of a message.
type head struct {
	version int32
	pdu     byte  // the PDU's tag; 0 in SNMPv3, where it may be encrypted
	id      int32 // request-id, msgID in SNMPv3
}

// readHead reads the beginning of a message, which must be as long as it says.
func readHead(b []byte) (h head, ok bool) {
	tag, body, rest, err := element(b)
	if err != nil || tag != tagSequence || len(rest) > 0 {
		return h, false
	}
	if h.version, body, ok = integer(body); !ok {
		return h, false
	}
	if h.version == version3 {
		tag, global, _, err := element(body)
		if err != nil || tag != tagSequence {
			return h, false
		}
		h.id, _, ok = integer(global)
		return h, ok
	}
	if tag, _, body, err = element(body); err != nil || tag != tagOctets { // the community
		return h, false
	}
	tag, pdu, rest, err := element(body)
	if err != nil || len(rest) > 0 {
		return h, false
	}
	h.pdu = tag
	h.id, _, ok = integer(pdu)
	return h, ok
}

// integer cuts an INTEGER of up to 32 bits off b.
func integer(b []byte) (v int32, rest []byte, ok bool) {
	tag, content, rest, err := element(b)
	if err != nil || tag != tagInteger || len(content) < 1 || len(content) > 4 {
		return 0, nil, false
	}
	v = int32(int8(content[0]))
	for _, o := range content[1:] {
		v = v<<8 | int32(o)
	}
	return v, rest, true
}
