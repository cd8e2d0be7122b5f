package inject

import "github.com/cilium/ebpf/asm"

// control is what the sender's program and this process share.
type control struct {
	Next     uint64 // when the next packet is due, in ns of the monotonic clock
	Interval uint64 // ns between packets
	Sent     uint64 // packets
	Mask     uint64 // flows, less one
}

// Offsets in control.
const (
	nextAt, intervalAt, sentAt, maskAt = 0, 8, 16, 24
	controlOctets                      = 32
)

// Offsets of addresses in Packet.
const (
	SourceAt = 26
	DestAt   = 30
)

// What programs answer the kernel.
const (
	xdpDrop = 1
	xdpPass = 2
)

// Flow n is between host n of 10.0.0.0/16 and host n of 10.128.0.0/16. As they lie in
// a packet, read by a machine that has the lowest octet first:
const (
	near      = 0x0000_000a
	far       = 0x0000_800a
	hostShift = 16
)

// passing passes all packets on.
var passing = asm.Instructions{asm.Mov.Imm(asm.R0, xdpPass), asm.Return()}

// sending is the program that is run for each packet, and between packets.
func sending(shared int) asm.Instructions {
	const packet, ctl, flow = asm.R6, asm.R7, asm.R8
	return asm.Instructions{
		asm.LoadMem(packet, asm.R1, 0, asm.Word),
		asm.LoadMem(asm.R2, asm.R1, 4, asm.Word),
		asm.LoadMapValue(ctl, shared, 0),
		asm.Mov.Reg(asm.R3, packet),
		asm.Add.Imm(asm.R3, Octets),
		asm.JGT.Reg(asm.R3, asm.R2, "wait"), // never; the verifier wants to see it

		asm.FnKtimeGetNs.Call(),
		asm.LoadMem(asm.R1, ctl, nextAt, asm.DWord),
		asm.JLT.Reg(asm.R0, asm.R1, "wait"),
		asm.LoadMem(asm.R2, ctl, intervalAt, asm.DWord),
		asm.Add.Reg(asm.R1, asm.R2),
		asm.StoreMem(ctl, nextAt, asm.R1, asm.DWord),
		asm.LoadMem(asm.R1, ctl, sentAt, asm.DWord),
		asm.Add.Imm(asm.R1, 1),
		asm.StoreMem(ctl, sentAt, asm.R1, asm.DWord),

		asm.FnGetPrandomU32.Call(),
		asm.Mov.Reg(flow, asm.R0),
		asm.RSh.Imm(flow, 8),
		asm.LoadMem(asm.R1, ctl, maskAt, asm.DWord),
		asm.And.Reg(flow, asm.R1),
		asm.LSh.Imm(flow, hostShift),
		asm.Mov.Reg(asm.R1, flow),
		asm.Or.Imm(asm.R1, near),
		asm.Or.Imm(flow, far),
		asm.JSet.Imm(asm.R0, 1, "back"),
		asm.StoreMem(packet, SourceAt, asm.R1, asm.Word),
		asm.StoreMem(packet, DestAt, flow, asm.Word),
		asm.Ja.Label("send"),
		asm.StoreMem(packet, SourceAt, flow, asm.Word).WithSymbol("back"),
		asm.StoreMem(packet, DestAt, asm.R1, asm.Word),
		asm.Mov.Imm(asm.R0, xdpPass).WithSymbol("send"),
		asm.Return(),
		asm.Mov.Imm(asm.R0, xdpDrop).WithSymbol("wait"),
		asm.Return(),
	}
}
