package reader

import "strconv"

// OctetMode says which octets counters of octets hold (decision 21).
type OctetMode uint8

// The octet modes. Meters of another make say nothing about it.
const (
	OctetsUnknown OctetMode = iota
	OctetsFrame             // the frame on the wire without FCS
	OctetsPeer              // the network layer
)

var octetNames = [...]string{OctetsUnknown: "unknown", OctetsFrame: "frame", OctetsPeer: "peer"}

// String returns the mode's name in flow data.
func (m OctetMode) String() string {
	if int(m) < len(octetNames) {
		return octetNames[m]
	}
	return "octets(" + strconv.Itoa(int(m)) + ")"
}

// ParseOctetMode returns the mode of that name; of any other it is unknown.
func ParseOctetMode(name string) OctetMode {
	for i, n := range octetNames {
		if n == name {
			return OctetMode(i)
		}
	}
	return OctetsUnknown
}
