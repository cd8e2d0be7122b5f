package srl

import (
	"netramet/mib"
	"netramet/ruleset"
)

// A distribution of pairs has no values where no packets get that it could pair.

// pairing is what all ways together say about a SAVE of such a distribution.
type pairing struct {
	code  mib.Pairing
	gets  bool // some way lets packets get there that can be paired
	tests reason
}

// protocolsOf are the IP protocols of packets that are paired in some way.
func protocolsOf(p mib.Pairing) []byte {
	const icmp, tcp, udp, icmp6 = 1, 6, 17, 58
	switch p {
	case mib.PairingICMP:
		return []byte{icmp, icmp6}
	case mib.PairingTCPData, mib.PairingTCPSYN:
		return []byte{tcp}
	case mib.PairingDNS, mib.PairingSNMP, mib.PairingNTP, mib.PairingUDP:
		return []byte{udp}
	}
	return nil
}

// pairs notes whether packets get to a SAVE that its distribution can pair.
func (w *walk) pairs(s *stmt, in ways) {
	if w.l.coarse || s.ref.param >= 0 || !s.ref.attr.IsTurnaround() {
		return
	}
	value, _, _, err := s.op.place(s.ref.attr)
	protocols := protocolsOf(mib.Pairing(value[1]))
	if err != nil || protocols == nil {
		return
	}
	p := w.l.paired[s]
	if p == nil {
		p = &pairing{code: mib.Pairing(value[1])}
		w.l.paired[s] = p
	}
	w.l.steps += len(in)
	for i := range in {
		known := in[i].holds(mib.AttrSourceTransType)
		for _, number := range protocols {
			one := pattern{value: ruleset.Octets{number}, mask: ruleset.Octets{0xFF}}
			found, why := w.l.facts.fitting(mib.AttrSourceTransType, one, known, &in[i])
			p.gets = p.gets || len(found) > 0
			p.tests = why
		}
	}
}

// neverPaired reports a SAVE of a distribution that can pair nothing.
func (l *linter) neverPaired(s *stmt) {
	if p := l.paired[s]; p != nil && !p.gets {
		l.c.warnf(s.at, "parameter 1 says which packets: "+mib.PairingNames(), "%s pairs packets of %s, and none of them gets here, by the test %s",
			s.ref.attr, p.code, l.c.whereabouts(p.tests.at, s.at))
	}
}
