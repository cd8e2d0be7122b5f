package filter

// The instructions' codes, as <linux/filter.h> and <pcap/bpf.h> have them.
const (
	opLd     = 0x20 // A = 4 octets at k
	opLdh    = 0x28
	opLdb    = 0x30
	opLdInd  = 0x40 // A = 4 octets at X+k
	opLdhInd = 0x48
	opLdbInd = 0x50
	opLdLen  = 0x80
	opLdImm  = 0x00
	opLdMem  = 0x60
	opLdxImm = 0x01
	opLdxMem = 0x61
	opLdxLen = 0x81
	opMsh    = 0xb1 // X = 4 * (octet at k & 0xf)
	opSt     = 0x02
	opStx    = 0x03

	opAddK = 0x04
	opSubK = 0x14
	opMulK = 0x24
	opDivK = 0x34
	opOrK  = 0x44
	opAndK = 0x54
	opLshK = 0x64
	opRshK = 0x74
	opNeg  = 0x84
	opModK = 0x94
	opXorK = 0xa4

	opJump  = 0x05
	opJeqK  = 0x15
	opJgtK  = 0x25
	opJgeK  = 0x35
	opJsetK = 0x45
	opJeqX  = opJeqK | sourceX
	opJgtX  = opJgtK | sourceX
	opJgeX  = opJgeK | sourceX
	opJsetX = opJsetK | sourceX

	opRetK = 0x06
	opRetA = 0x16
	opTax  = 0x07
	opTxa  = 0x87

	sourceX  = 0x08 // with arithmetic and comparisons: X in place of k
	sizeMask = 0x18
	sizeHalf = 0x08
	sizeByte = 0x10
	modeMask = 0xe0
	modeInd  = 0x40
)

// opKind is what verifying needs to know of an instruction.
type opKind uint8

const (
	kindNone     opKind = iota // no instruction
	kindPlain                  // anything else
	kindRegister               // k is a register
	kindBranch                 // it jumps by Jt or Jf
	kindReturn
)

// kinds are the instructions there are.
var kinds = opKinds()

func opKinds() (table [256]opKind) {
	set := func(kind opKind, codes ...uint16) {
		for _, c := range codes {
			table[c] = kind
		}
	}
	set(kindPlain, opLd, opLdh, opLdb, opLdInd, opLdhInd, opLdbInd, opLdLen, opLdImm, opLdxImm, opLdxLen, opMsh, opJump, opTax, opTxa, opNeg)
	for _, c := range []uint16{opAddK, opSubK, opMulK, opDivK, opOrK, opAndK, opLshK, opRshK, opModK, opXorK} {
		set(kindPlain, c, c|sourceX)
	}
	set(kindRegister, opLdMem, opLdxMem, opSt, opStx)
	set(kindBranch, opJeqK, opJgtK, opJgeK, opJsetK, opJeqX, opJgtX, opJgeX, opJsetX)
	set(kindReturn, opRetK, opRetA)
	return table
}
