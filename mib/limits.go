package mib

// Limits that managers and meters share.
const (
	// MaxMessage is the largest SNMP message, in octets: what fits into a UDP
	// datagram over IPv4. MinMessage is what every SNMP engine bears, and
	// RFC 3417 §3.2.1 recommends 1472.
	MaxMessage = 65507
	MinMessage = 484

	// MaxOwner is the largest Owner of a control row, in octets.
	MaxOwner = 127

	// MaxRows is the number of rows of the reader table and of the manager
	// table (decision 8).
	MaxRows = 256

	// MaxSelector and MaxWideSelector are the largest numbers of attributes in
	// the index of flowPackageData and of ntmPackageData (decision 28): the
	// columns' OIDs are 11 and 12 sub-identifiers long, the other parts of the
	// index 4 and 5, and an OID has at most 128.
	MaxSelector     = 113
	MaxWideSelector = 111
)
