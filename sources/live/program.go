package live

import (
	"math"

	"golang.org/x/net/bpf"

	"netramet/sources/filter"
	"netramet/sources/wire"
)

// What Linux's own loads, of what it knows of a packet beside its octets, return.
const (
	outgoing      = 4   // PACKET_OUTGOING
	hardwareEther = 1   // ARPHRD_ETHER
	hardwareLoop  = 772 // ARPHRD_LOOPBACK
)

const (
	whole    = math.MaxUint32 // octets of a packet to keep: all
	opReturn = 0x06           // with a constant
)

// socketProgram is what a socket's filter does. It drops the copy of each packet of
// the loopback that goes out, for the same one comes in. The expression, nil if
// there is none, decides about Ethernet frames whose outer VLAN tag, if any, is
// among their octets; it has not seen the others, which are let through whole, to be
// looked at with their tag put back, or without their link header. Of frames that
// are selected, snap octets are kept, 0: all.
func socketProgram(expression *filter.Program, snap int) ([]bpf.RawInstruction, error) {
	keep := uint32(whole)
	if snap > 0 {
		keep = uint32(snap)
	}
	code := []bpf.Instruction{
		bpf.LoadExtension{Num: bpf.ExtLinkLayerType},
		bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: hardwareLoop, SkipTrue: 3},
		bpf.LoadExtension{Num: bpf.ExtType},
		bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: outgoing, SkipTrue: 1},
		bpf.RetConstant{Val: 0},
	}
	if expression == nil {
		return bpf.Assemble(append(code, bpf.RetConstant{Val: keep}))
	}
	start, err := bpf.Assemble(append(code,
		bpf.LoadExtension{Num: bpf.ExtLinkLayerType},
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: hardwareEther, SkipTrue: 1},
		bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: hardwareLoop, SkipTrue: 2},
		bpf.LoadExtension{Num: bpf.ExtVLANTagPresent},
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: 0, SkipTrue: 1},
		bpf.RetConstant{Val: whole},
	))
	for _, in := range expression.Raw() {
		if in.Op == opReturn && in.K != 0 {
			in.K = keep
		}
		start = append(start, in)
	}
	return start, err
}

// ethernetProgram is the expression's program for what the kernel decides about,
// nil if it has none.
func ethernetProgram(e *filter.Expr) *filter.Program {
	if e == nil {
		return nil
	}
	p, err := e.Compile(wire.LinkEthernet)
	if err != nil {
		return nil
	}
	return p
}
