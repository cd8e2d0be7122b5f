// Package sourcetest helps to test what reads packets: a packet builder, and
// the conformance suite that every source passes.
//
// The builder composes layers, from the outermost to the innermost, to a
// wire.Frame. Lengths, checksums, "next protocol" fields and the link type
// follow from the layers; what a field leaves out has a sensible default:
//
//	f := sourcetest.Frame(t,
//		sourcetest.Ether("02:00:00:00:00:01", "02:00:00:00:00:02"),
//		sourcetest.VLAN(5),
//		sourcetest.IPv4{Src: "10.0.0.1", Dst: "10.0.0.2", TTL: 3},
//		sourcetest.TCP{Src: 1024, Dst: 80, Flags: sourcetest.SYN},
//		sourcetest.Payload(100),
//		sourcetest.At(20*time.Millisecond), sourcetest.Snap(64))
//
// A header that lies is made with the override fields. They are *int: nil is
// the right value, and new is all it takes to lie:
//
//	sourcetest.IPv4{TotalLen: new(9), IHL: new(3)}
//	sourcetest.UDP{Length: new(0), Checksum: new(0xdead)}
//
// Offsets and lengths of the API are in octets. Addresses are text; an empty
// one stands for a default (192.0.2.1 to 192.0.2.2, 2001:db8::1 to
// 2001:db8::2, 02:00:00:00:00:01 to 02:00:00:00:00:02). Fragments splits a
// datagram as a router does. What has no layer of its own is Raw.
//
// Neighbours: capfile writes frames to capture files of every format,
// traffic makes whole traces, tracegen is the command around both.
//
// Nothing but tests and tracegen uses this package, and it never reads a
// file.
package sourcetest
