package live

import "golang.org/x/net/bpf"

// EtherTypes, and protocols of PPP, that the hash looks behind.
const (
	typeIPv4  = 0x0800
	typeIPv6  = 0x86dd
	typeTag   = 0x8100
	typeOuter = 0x88a8
	typePPPoE = 0x8864
	pppIPv4   = 0x0021
	pppIPv6   = 0x0057
)

// netHeader is the offset by which Linux means the network layer's header
// (SKF_NET_OFF).
const netHeader = 0xfff00000

// hashProgram is the program by which the kernel chooses a packet's ring: a hash of
// its two IP addresses that does not depend on which of them is the source. So both
// directions, and all fragments of a packet, which alone have no ports, come to one
// ring. What is not IP, or is so behind other headers than VLAN tags and PPPoE,
// comes to the first.
func hashProgram() ([]bpf.RawInstruction, error) {
	// The program sees a packet that goes out from its link header on, and one that
	// came in from what is behind that.
	code := []bpf.Instruction{
		bpf.LoadExtension{Num: bpf.ExtType},
		bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: outgoing, SkipTrue: 8},
		bpf.LoadExtension{Num: bpf.ExtLinkLayerType},
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: hardwareEther, SkipTrue: 3},
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: hardwareLoop, SkipTrue: 2},
		bpf.LoadConstant{Dst: bpf.RegX, Val: netHeader},
		bpf.Jump{Skip: 4},
		bpf.LoadConstant{Dst: bpf.RegX, Val: 14},
		bpf.LoadAbsolute{Off: 12, Size: 2},
		bpf.Jump{Skip: 2},
		bpf.LoadConstant{Dst: bpf.RegX, Val: 0},
		bpf.LoadExtension{Num: bpf.ExtProto},
	}
	return bpf.Assemble(append(code, hashFrom()...))
}

// hashFrom is the part that finds and hashes the addresses. The type of what is at
// X is in A.
func hashFrom() []bpf.Instruction {
	v4, v6 := hashIPv4(), hashIPv6()
	code := []bpf.Instruction{}
	const tags = 2
	for range tags {
		code = append(code,
			bpf.JumpIf{Cond: bpf.JumpEqual, Val: typeTag, SkipTrue: 1},
			bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: typeOuter, SkipTrue: 6},
			bpf.LoadIndirect{Off: 2, Size: 2},
			bpf.StoreScratch{Src: bpf.RegA, N: 0},
			bpf.TXA{},
			bpf.ALUOpConstant{Op: bpf.ALUOpAdd, Val: 4},
			bpf.TAX{},
			bpf.LoadScratch{Dst: bpf.RegA, N: 0},
		)
	}
	code = append(code,
		bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: typePPPoE, SkipTrue: 8},
		bpf.LoadIndirect{Off: 6, Size: 2},
		bpf.StoreScratch{Src: bpf.RegA, N: 0},
		bpf.TXA{},
		bpf.ALUOpConstant{Op: bpf.ALUOpAdd, Val: 8},
		bpf.TAX{},
		bpf.LoadScratch{Dst: bpf.RegA, N: 0},
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: pppIPv4, SkipTrue: 4},
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: pppIPv6, SkipTrue: uint8(4 + len(v4))},
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: typeIPv4, SkipTrue: 2},
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: typeIPv6, SkipTrue: uint8(2 + len(v4))},
		bpf.RetConstant{Val: 0},
	)
	code = append(code, v4...)
	code = append(code, bpf.Jump{Skip: uint32(len(v6))})
	code = append(code, v6...)
	return append(code, hashPair()...)
}

// hashIPv4 leaves the addresses of the IPv4 header at X in scratch memory.
func hashIPv4() []bpf.Instruction {
	return []bpf.Instruction{
		bpf.LoadIndirect{Off: 12, Size: 4},
		bpf.StoreScratch{Src: bpf.RegA, N: 0},
		bpf.LoadIndirect{Off: 16, Size: 4},
		bpf.StoreScratch{Src: bpf.RegA, N: 1},
	}
}

// hashIPv6 leaves sums of the words of each address of the IPv6 header at X.
func hashIPv6() []bpf.Instruction {
	factors := [4]uint32{0x85ebca6b, 0xc2b2ae35, 0x27d4eb2f, 1}
	code := []bpf.Instruction{bpf.StoreScratch{Src: bpf.RegX, N: 2}}
	for side := range 2 {
		for word, factor := range factors {
			code = append(code,
				bpf.LoadIndirect{Off: uint32(8 + 16*side + 4*word), Size: 4},
				bpf.ALUOpConstant{Op: bpf.ALUOpMul, Val: factor})
			if word > 0 {
				code = append(code,
					bpf.LoadScratch{Dst: bpf.RegX, N: side},
					bpf.ALUOpX{Op: bpf.ALUOpAdd})
			}
			code = append(code,
				bpf.StoreScratch{Src: bpf.RegA, N: side},
				bpf.LoadScratch{Dst: bpf.RegX, N: 2})
		}
	}
	return code
}

// hashPair returns a hash of the two words in scratch memory that is the same for
// them the other way round.
func hashPair() []bpf.Instruction {
	shift := func(n uint32) []bpf.Instruction {
		return []bpf.Instruction{
			bpf.TAX{},
			bpf.ALUOpConstant{Op: bpf.ALUOpShiftRight, Val: n},
			bpf.ALUOpX{Op: bpf.ALUOpXor},
		}
	}
	code := []bpf.Instruction{
		bpf.LoadScratch{Dst: bpf.RegA, N: 0},
		bpf.LoadScratch{Dst: bpf.RegX, N: 1},
		bpf.ALUOpX{Op: bpf.ALUOpXor},
		bpf.ALUOpConstant{Op: bpf.ALUOpMul, Val: 0x9e3779b1},
		bpf.StoreScratch{Src: bpf.RegA, N: 2},
		bpf.LoadScratch{Dst: bpf.RegA, N: 0},
		bpf.ALUOpX{Op: bpf.ALUOpAdd},
		bpf.LoadScratch{Dst: bpf.RegX, N: 2},
		bpf.ALUOpX{Op: bpf.ALUOpAdd},
	}
	code = append(code, shift(16)...)
	code = append(code, bpf.ALUOpConstant{Op: bpf.ALUOpMul, Val: 0x85ebca6b})
	code = append(code, shift(13)...)
	return append(code, bpf.RetA{})
}
