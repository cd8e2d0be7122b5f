package filter

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"

	"golang.org/x/net/bpf"
)

// Program is a verified program. It is immutable, and many goroutines may run it.
type Program struct {
	code []bpf.RawInstruction
}

// Raw returns the instructions, as a socket takes them.
func (p *Program) Raw() []bpf.RawInstruction { return slices.Clone(p.code) }

// registers of scratch memory that a program has.
const registers = 16

// newProgram verifies code.
func newProgram(code []bpf.RawInstruction) (*Program, error) {
	if err := verify(code); err != nil {
		return nil, err
	}
	return &Program{code}, nil
}

// verify demands what makes a program safe to run: it ends, stays within its own
// instructions and registers, and never divides by a constant 0.
func verify(code []bpf.RawInstruction) error {
	if len(code) == 0 || len(code) > MaxInstructions {
		return fmt.Errorf("a program of %d instructions: there are from 1 to %d", len(code), MaxInstructions)
	}
	for i, in := range code {
		left := uint32(len(code) - i - 1) // instructions behind this one
		bad := ""
		switch kind := kinds[in.Op&0xff]; {
		case in.Op > 0xff || kind == kindNone:
			bad = "unknown"
		case kind == kindBranch && (uint32(in.Jt) >= left || uint32(in.Jf) >= left), in.Op == opJump && in.K >= left:
			bad = "a jump out of the program"
		case (in.Op == opLd || in.Op == opLdh || in.Op == opLdb) && in.K > math.MaxInt32:
			bad = "an offset that means something else to kernels"
		case kind == kindRegister && in.K >= registers:
			bad = "no such register"
		case (in.Op == opDivK || in.Op == opModK) && in.K == 0:
			bad = "a division by 0"
		case (in.Op == opLshK || in.Op == opRshK) && in.K > 31:
			bad = "a shift by more than 31"
		}
		if bad != "" {
			return fmt.Errorf("instruction %d (code %#x): %s", i, in.Op, bad)
		}
	}
	if last := kinds[code[len(code)-1].Op]; last != kindReturn {
		return errors.New("the last instruction does not return")
	}
	return nil
}

// Match reports whether the program selects a frame of which data is captured
// and that had length octets on the wire.
func (p *Program) Match(data []byte, length uint32) bool { return p.run(data, length) != 0 }

// run returns what the program returns: 0 also where it reads octets that are
// not there. It is one switch over all instructions, for that is quickest.
func (p *Program) run(data []byte, length uint32) uint32 {
	var a, x uint32
	var m [registers]uint32
	for pc := 0; pc < len(p.code); pc++ {
		in := &p.code[pc]
		k := in.K
		taken := false
		switch in.Op {
		case opRetK:
			return k
		case opRetA:
			return a
		case opLdInd, opLdhInd, opLdbInd, opLd, opLdh, opLdb:
			at := uint64(k)
			if in.Op&modeMask == modeInd {
				at += uint64(x)
			}
			n, ok := read(data, at, in.Op)
			if !ok {
				return 0
			}
			a = n
			continue
		case opMsh:
			if uint64(k) >= uint64(len(data)) {
				return 0
			}
			x = 4 * uint32(data[k]&0xf)
			continue
		case opLdLen:
			a = length
			continue
		case opLdxLen:
			x = length
			continue
		case opLdImm:
			a = k
			continue
		case opLdxImm:
			x = k
			continue
		case opLdMem:
			a = m[k&(registers-1)]
			continue
		case opLdxMem:
			x = m[k&(registers-1)]
			continue
		case opSt:
			m[k&(registers-1)] = a
			continue
		case opStx:
			m[k&(registers-1)] = x
			continue
		case opTax:
			x = a
			continue
		case opTxa:
			a = x
			continue
		case opJump:
			pc += int(k)
			continue
		case opJeqK:
			taken = a == k
		case opJgtK:
			taken = a > k
		case opJgeK:
			taken = a >= k
		case opJsetK:
			taken = a&k != 0
		case opJeqX:
			taken = a == x
		case opJgtX:
			taken = a > x
		case opJgeX:
			taken = a >= x
		case opJsetX:
			taken = a&x != 0
		default:
			n, ok := arithmetic(in.Op, a, k, x)
			if !ok {
				return 0
			}
			a = n
			continue
		}
		if taken {
			pc += int(in.Jt)
		} else {
			pc += int(in.Jf)
		}
	}
	return 0 // verified programs do not come here
}

// read reads 1, 2 or 4 octets; ok is false if they are not all there.
func read(data []byte, at uint64, op uint16) (n uint32, ok bool) {
	size := uint64(4)
	switch op & sizeMask {
	case sizeHalf:
		size = 2
	case sizeByte:
		size = 1
	}
	if at+size > uint64(len(data)) {
		return 0, false
	}
	switch b := data[at:]; size {
	case 1:
		return uint32(b[0]), true
	case 2:
		return uint32(binary.BigEndian.Uint16(b)), true
	default:
		return binary.BigEndian.Uint32(b), true
	}
}

// arithmetic works out an operation on A; ok is false for a division by 0.
func arithmetic(op uint16, a, k, x uint32) (n uint32, ok bool) {
	if op&sourceX != 0 {
		k = x
	}
	switch op &^ sourceX {
	case opAddK:
		a += k
	case opSubK:
		a -= k
	case opMulK:
		a *= k
	case opDivK, opModK:
		if k == 0 {
			return 0, false
		}
		if op&^sourceX == opModK {
			a %= k
		} else {
			a /= k
		}
	case opAndK:
		a &= k
	case opOrK:
		a |= k
	case opXorK:
		a ^= k
	case opLshK:
		a <<= k
	case opRshK:
		a >>= k
	case opNeg:
		a = -a
	}
	return a, true
}
