package netflow

// kind is what an information element is to the meter. Numbers are IANA's, which
// NetFlow version 9 shares as far as it goes.
type kind uint8

const (
	skipped kind = iota
	octets
	packets
	octetTotal
	packetTotal
	protocol
	trafficClass
	codePoint
	tcpFlags
	sourcePort
	destPort
	source4
	dest4
	source6
	dest6
	sourcePrefix
	destPrefix
	input
	output
	sourceAS
	destAS
	firstUptime
	lastUptime
	firstSeconds
	lastSeconds
	firstMillis
	lastMillis
	firstMicros
	lastMicros
	firstDelta
	lastDelta
	bootMillis
	spanMillis
	spanMicros
	sourceMAC
	destMAC
	vlan
	priority
	icmpBoth
	icmpType
	icmpCode
	ipVersion
	etherType
	oneIn
	sampledOf
	skippedOf
	sampler
	probability
	numKinds
)

// elements gives the kind of an information element. Where there are an element for
// packets as they came and one for packets as they went, it is the first.
var elements = [512]kind{
	1: octets, 2: packets, 85: octetTotal, 86: packetTotal, 231: octets, 298: packets, 232: octets, 299: packets,
	4: protocol, 5: trafficClass, 195: codePoint, 6: tcpFlags,
	7: sourcePort, 11: destPort, 180: sourcePort, 181: destPort, 182: sourcePort, 183: destPort,
	8: source4, 12: dest4, 27: source6, 28: dest6, 44: source4, 45: dest4, 170: source6, 169: dest6,
	9: sourcePrefix, 13: destPrefix, 29: sourcePrefix, 30: destPrefix,
	10: input, 14: output, 16: sourceAS, 17: destAS,
	22: firstUptime, 21: lastUptime, 150: firstSeconds, 151: lastSeconds, 152: firstMillis, 153: lastMillis,
	154: firstMicros, 155: lastMicros, 156: firstMicros, 157: lastMicros, 158: firstDelta, 159: lastDelta,
	160: bootMillis, 161: spanMillis, 162: spanMicros,
	56: sourceMAC, 80: destMAC, 58: vlan, 243: vlan, 244: priority,
	32: icmpBoth, 139: icmpBoth, 176: icmpType, 178: icmpType, 177: icmpCode, 179: icmpCode,
	60: ipVersion, 256: etherType,
	34: oneIn, 50: oneIn, 305: sampledOf, 306: skippedOf, 309: sampledOf, 310: skippedOf, 48: sampler, 302: sampler, 311: probability,
}

const (
	responderOctets, responderPackets = 232, 299
	population                        = 310 // counts all packets, those that were sampled too

	reversePEN = 29305 // of RFC 5103: the element of that number, of the other direction
	variable   = 1<<16 - 1
)

// field is one field of a template.
type field struct {
	kind   kind
	dir    uint8  // 1: of the reverse direction
	all    bool   // of skippedOf: it counts those that were sampled too
	at     uint16 // offset in the record, valid unless the template is variable
	length uint16 // octets, or variable
}

// fieldOf makes a field of an element.
func fieldOf(element uint16, enterprise uint32, length uint16) field {
	f := field{length: length}
	if enterprise != 0 && enterprise != reversePEN || int(element) >= len(elements) {
		return f
	}
	f.kind = elements[element]
	f.all = element == population
	if enterprise == reversePEN || element == responderOctets || element == responderPackets {
		f.dir = 1
	}
	return f
}
