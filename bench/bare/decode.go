//go:build linux

package main

import (
	"encoding/binary"
	"math/bits"
)

// key is a 5-tuple of either direction: the two ends in order, and the rest,
// which is never 0.
type key [5]uint64

const ipv6 = 1 << 41 // in the rest

// decode reads Ethernet, IPv4 or IPv6, and the ports of TCP or UDP. It
// gives which of the two directions the packet goes, or -1 if it is another.
func (k *key) decode(b []byte) (to int) {
	if len(b) < 38 {
		return -1
	}
	switch binary.LittleEndian.Uint16(b[12:]) {
	case 0x0008: // 08 00
		if b[14] != 0x45 { // options: not in these traces
			return -1
		}
		s, d := uint64(binary.LittleEndian.Uint32(b[26:])), uint64(binary.LittleEndian.Uint32(b[30:]))
		ports, rest := binary.BigEndian.Uint32(b[34:]), uint64(1)<<40|uint64(b[23])<<32
		if d < s || d == s && ports&0xffff < ports>>16 {
			s, d, ports, to = d, s, bits.RotateLeft32(ports, 16), 1
		}
		*k = key{s, 0, d, 0, rest | uint64(ports)}
		return to
	case 0xdd86:
		if len(b) < 58 {
			return -1
		}
		s0, s1 := binary.LittleEndian.Uint64(b[22:]), binary.LittleEndian.Uint64(b[30:])
		d0, d1 := binary.LittleEndian.Uint64(b[38:]), binary.LittleEndian.Uint64(b[46:])
		ports, rest := binary.BigEndian.Uint32(b[54:]), ipv6|uint64(b[20])<<32
		if d0 < s0 || d0 == s0 && (d1 < s1 || d1 == s1 && ports&0xffff < ports>>16) {
			s0, s1, d0, d1, ports, to = d0, d1, s0, s1, bits.RotateLeft32(ports, 16), 1
		}
		*k = key{s0, s1, d0, d1, rest | uint64(ports)}
		return to
	}
	return -1
}

// hash mixes all of the key; IPv4's has two words that are 0.
func (k *key) hash() uint64 {
	h, l := bits.Mul64(k[0]^0x9e3779b97f4a7c15, k[2]^0x94d049bb133111eb)
	if k[4]&ipv6 != 0 {
		h1, l1 := bits.Mul64(k[1]^0xbf58476d1ce4e5b9, k[3]^0x2545f4914f6cdd1d)
		h ^= h1 ^ l1
	}
	h, l = bits.Mul64(h^l, k[4]^0xd6e8feb86659fd93)
	return h ^ l
}
