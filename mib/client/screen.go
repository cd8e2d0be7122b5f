package client

import "bytes"

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

// usmStats are the counters below usmStats that a report shows, by their last
// sub-identifier (RFC 3414 §5).
var usmStats = []byte{0x2b, 6, 1, 6, 3, 15, 1, 1}

// decryptionErrors is the last of them, usmStatsDecryptionErrors.
const decryptionErrors = 6

// reportOf returns which counter of usmStats an SNMPv3 message reports in the
// clear, 0 if it is no such report. A meter that refuses a message says so in
// this way; that nobody has signed it means that it is good for an error's text
// and for nothing else.
func reportOf(b []byte) byte {
	_, body, _, err := element(b)
	for range 3 { // version, msgGlobalData, msgSecurityParameters
		_, _, body, err = elementAfter(body, err)
	}
	tag, scoped, _, err := elementAfter(body, err)
	if err != nil || tag != tagSequence {
		return 0 // encrypted, or nothing
	}
	for range 2 { // contextEngineID, contextName
		_, _, scoped, err = elementAfter(scoped, err)
	}
	tag, pdu, _, err := elementAfter(scoped, err)
	if err != nil || tag != tagReport {
		return 0
	}
	for range 3 { // request-id, error-status, error-index
		_, _, pdu, err = elementAfter(pdu, err)
	}
	for range 2 { // the list, its first binding
		_, pdu, _, err = elementAfter(pdu, err)
	}
	_, name, _, err := elementAfter(pdu, err)
	if err != nil || !bytes.HasPrefix(name, usmStats) || len(name) != len(usmStats)+2 {
		return 0
	}
	return name[len(usmStats)]
}

// elementAfter is element where all before went well.
func elementAfter(b []byte, before error) (tag byte, content, rest []byte, err error) {
	if before != nil {
		return 0, nil, nil, before
	}
	return element(b)
}
