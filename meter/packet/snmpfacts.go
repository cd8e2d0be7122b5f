package packet

// BER tags in SNMP messages.
const (
	tagInteger  = 0x02
	tagOctets   = 0x04
	tagSequence = 0x30
)

// snmp takes an SNMP message over UDP: the request-id of SNMPv1 and v2c (RFC 3416
// §3), and the msgID of SNMPv3 (RFC 3412 §6), whose PDU may be encrypted: there the
// reportable flag tells what asks. What is captured may end behind the identifier.
func (t *Facts) snmp(d []byte) bool {
	const v1, v2c, v3 = 0, 1, 3
	d, ok := into(d, tagSequence)
	if !ok {
		return false
	}
	version, d, ok := integer(d)
	switch {
	case !ok:
		return false
	case version == v1 || version == v2c:
		ok = t.snmpPDU(d)
	case version == v3:
		ok = t.snmpHeader(d)
	default:
		return false
	}
	if ok {
		t.Kind = FactsSNMP
	}
	return ok
}

// snmpPDU takes what follows the version of SNMPv1 and v2c.
func (t *Facts) snmpPDU(d []byte) bool {
	const (
		get, getNext, response, set, getBulk, inform = 0xa0, 0xa1, 0xa2, 0xa3, 0xa5, 0xa6
	)
	community, size, ok := element(d, tagOctets)
	if !ok || size > len(community) || len(community) == size {
		return false
	}
	d = community[size:]
	tag := d[0]
	switch tag {
	case get, getNext, set, getBulk, inform:
		t.Role = Asks
	case response:
		t.Role = Answers
	default:
		return false // traps and reports
	}
	d, ok = into(d, tag)
	if !ok {
		return false
	}
	id, _, ok := integer(d)
	t.both(uint64(id))
	return ok
}

// snmpHeader takes what follows the version of SNMPv3.
func (t *Facts) snmpHeader(d []byte) bool {
	const reportable = 4
	d, ok := into(d, tagSequence)
	if !ok {
		return false
	}
	id, d, ok := integer(d)
	if !ok {
		return false
	}
	if _, d, ok = integer(d); !ok { // msgMaxSize
		return false
	}
	flags, size, ok := element(d, tagOctets)
	if !ok || size != 1 || len(flags) == 0 {
		return false
	}
	t.Role = Answers
	if flags[0]&reportable != 0 {
		t.Role = Asks
	}
	const isV3 = 1 << 32 // never the request-id of another version
	t.both(uint64(id) | isV3)
	return true
}

// element takes the tag and the length of the element that d begins with. b is what
// is captured from its contents on, of which size octets are its own.
func element(d []byte, tag uint8) (b []byte, size int, ok bool) {
	const long, maxLength = 0x80, 4
	if len(d) < 2 || d[0] != tag {
		return nil, 0, false
	}
	n := int(d[1])
	d = d[2:]
	if n&long == 0 {
		return d, n, true
	}
	n &^= long
	if n == 0 || n > maxLength || n > len(d) {
		return nil, 0, false
	}
	var v uint32
	for _, c := range d[:n] {
		v = v<<8 | uint32(c)
	}
	return d[n:], int(v & 0xffff), v <= 0xffff // more than a datagram holds
}

// into returns what is captured of the contents of the element that d begins with.
func into(d []byte, tag uint8) (contents []byte, ok bool) {
	b, size, ok := element(d, tag)
	return b[:min(size, len(b))], ok
}

// integer takes an integer of 32 bits, and returns what follows it.
func integer(d []byte) (v uint32, rest []byte, ok bool) {
	b, size, ok := element(d, tagInteger)
	if !ok || size == 0 || size > 5 || size > len(b) {
		return 0, nil, false
	}
	for _, c := range b[:size] {
		v = v<<8 | uint32(c)
	}
	return v, b[size:], true
}
