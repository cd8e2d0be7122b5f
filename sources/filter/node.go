package filter

// nodeKind is what a node of the syntax tree tests.
type nodeKind uint8

const (
	nodeAll nodeKind = iota // the empty expression
	nodeAnd
	nodeOr
	nodeNot
	nodeProto    // a protocol by its name alone
	nodeOperand  // an address, port or number with what stands before it
	nodeRelation // a comparison of two values
	nodeBroadcast
	nodeMulticast
	nodeLess
	nodeGreater
	nodeByte
	nodeInbound
	nodeOutbound
	nodeIfindex
	nodeVLAN
	nodeMPLS
	nodePPPoED
	nodePPPoES
	nodeGeneve
	nodeLLC
)

// node is a node of the syntax tree.
type node struct {
	kind   nodeKind
	a, b   *node
	q      qualifiers
	id     operand
	left   *value // of relations and of byte
	right  *value
	rel    string
	number uint32 // of vlan, mpls, less and the like
	given  bool   // number was given
	word   string // of llc
	pos    int    // what an error of this node points at
	end    int
}

// qualifiers are what stands before an operand, or stood before an earlier one.
type qualifiers struct {
	proto proto
	dir   direction
	kind  operandType
	bare  bool // nothing stands or stood there
}

// direction says which end is meant.
type direction uint8

const (
	dirDefault direction = iota // either
	dirSrc
	dirDst
	dirOr
	dirAnd
)

// operandType is what an operand is said to be.
type operandType uint8

const (
	typeDefault operandType = iota // a host
	typeHost
	typeNet
	typePort
	typePortrange
	typeProto
)

var operandTypes = map[string]operandType{
	"host": typeHost, "net": typeNet, "port": typePort, "portrange": typePortrange, "proto": typeProto,
}

// String returns the word that says so.
func (t operandType) String() string {
	return [...]string{"host", "host", "net", "port", "portrange", "proto"}[t]
}

// operand is an address, a number or a name.
type operand struct {
	token
	mask    *token // of "net ADDRESS mask MASK"
	bits    uint32 // of "ADDRESS/BITS"
	hasBits bool
}

// value is an arithmetic expression.
type value struct {
	op       string // "number", "len", "load", "neg" or a sign
	a, b     *value // a: of load, the offset
	number   uint32
	proto    proto
	size     uint32
	pos, end int
}
