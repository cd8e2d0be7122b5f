package mib

// Value is the value of an attribute of a flow, of the kind that the attribute's class
// says: numbers, counters and times are in Num, addresses and masks the first Len of
// Octets, and all else is zero. The counters of a distribution are elsewhere.
type Value struct {
	Num    uint64
	Len    uint8
	Octets [MaxAddress]byte
}
