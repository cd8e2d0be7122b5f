package client

import (
	"netramet/mib/ber"
	"netramet/mib/v3"
)

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
	case a.version != version3 && a.pdu != ber.Response && a.pdu != ber.Report:
		return false, "it is no response"
	}
	return true, ""
}

// The version numbers of SNMPv2c and SNMPv3 in messages.
const (
	version2c = 1
	version3  = v3.Version
)

// late is what is wrong with the answer to another request: it may have come
// twice, or after the request was given up, which is nothing odd.
const late = "it belongs to another request"

// head is the beginning of a message.
type head struct {
	version int32
	pdu     ber.Tag // the PDU's; 0 in SNMPv3, where it may be encrypted
	id      int32   // request-id, msgID in SNMPv3
}

// readHead reads the beginning of a message, which must be as long as it says.
func readHead(b []byte) (h head, ok bool) {
	r := ber.NewReader(b)
	msg, err := r.Enter(ber.Sequence)
	if err != nil || r.Done() != nil {
		return h, false
	}
	if h.version, err = msg.Int32(); err != nil {
		return h, false
	}
	if h.version == version3 {
		global, err := msg.Enter(ber.Sequence)
		if err != nil {
			return h, false
		}
		h.id, err = global.Int32()
		return h, err == nil
	}
	if _, err = msg.Octets(ber.OctetString); err != nil { // the community
		return h, false
	}
	h.pdu = msg.Peek()
	pdu, err := msg.Enter(h.pdu)
	if err != nil || msg.Done() != nil {
		return h, false
	}
	h.id, err = pdu.Int32()
	return h, err == nil
}

// reportOf returns the name of the counter, one of usmStats (RFC 3414 §5), that an
// SNMPv3 message reports in the clear, empty if it is no such report. A meter that refuses a message says so in
// this way; that nobody has signed it means that it is good for an error's text
// and for nothing else.
func reportOf(b []byte) Name {
	r := ber.NewReader(b)
	msg, err := r.Enter(ber.Sequence)
	if err != nil || msg.Skip(3) != nil { // version, msgGlobalData, msgSecurityParameters
		return ""
	}
	scoped, err := msg.Enter(ber.Sequence)
	if err != nil || scoped.Skip(2) != nil { // contextEngineID, contextName
		return "" // encrypted, or nothing
	}
	pdu, err := scoped.Enter(ber.Report)
	if err != nil || pdu.Skip(3) != nil { // request-id, error-status, error-index
		return ""
	}
	list, err := pdu.Enter(ber.Sequence)
	if err != nil {
		return ""
	}
	bind, err := list.Enter(ber.Sequence)
	if err != nil {
		return ""
	}
	oid, err := bind.OID(make([]uint32, 0, ber.MaxOID))
	if err != nil {
		return ""
	}
	return Name(dotted(oid))
}
