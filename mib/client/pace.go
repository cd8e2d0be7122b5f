package client

import "netramet/mib"

// pace chooses the size of messages, so that they are the largest that both
// sides and the path between them bear: it doubles as long as answers of that
// size come, and shrinks when one is lost. After each loss it grows more slowly,
// and what did not get through is not tried again for long.
type pace struct {
	size     int // octets wanted
	max      int
	calm     int // answers without loss since the size changed
	patience int // of them until the next growth
	good     int // octets of the largest answer that came at once
	tooLarge int // the smallest size that did not get through; 0 is none
	again    int // the one of before, to be tried again; 0 is none
	forget   int // answers until tooLarge is tried again
}

const (
	// MinDatagram is what every SNMP engine bears (RFC 3417 §3.2.1).
	MinDatagram = mib.MinMessage
	// middling lies between that and SafeDatagram: tunnels have taken their part.
	middling = 700

	maxPatience   = 256
	maxReps       = 4096
	firstForget   = 1024
	longestForget = 1 << 30
)

// newPace begins with messages of start octets and never goes above limit; 0 is no
// limit of its own.
func newPace(start, limit int) pace {
	if limit == 0 {
		limit = MaxDatagram
	}
	return pace{size: min(start, limit), max: limit, patience: 1, forget: firstForget}
}

// answered notes an answer of some octets that came at once. One that is small
// shows nothing.
func (p *pace) answered(octets int) {
	p.good = max(p.good, octets)
	if octets < p.size/2 {
		return
	}
	p.calm++
	if p.tooLarge > 0 && p.calm >= p.forget {
		p.again, p.tooLarge, p.forget = p.tooLarge, 0, min(2*p.forget, longestForget)
	}
	if p.calm < p.patience || p.size >= p.max {
		return
	}
	next := min(2*p.size, p.max)
	if p.again > 0 {
		next, p.again = min(next, p.again), 0
	}
	if p.tooLarge > 0 && next >= p.tooLarge {
		next = (p.size + p.tooLarge) / 2
		if next < p.size+p.size/8 {
			return // there is little to gain, and a try costs seconds
		}
	}
	p.size, p.calm = next, 0
}

// resent notes that an answer came to a later try only. What is in one packet
// is not lost less often if it is smaller.
func (p *pace) resent() {
	p.calm, p.patience = 0, min(2*p.patience, maxPatience)
	if p.size > SafeDatagram {
		p.size = max(p.size/2, SafeDatagram)
	}
}

// lost notes that a message of up to so many octets, or the answer to it, does
// not get through. It reports false if nothing smaller can be asked for.
func (p *pace) lost(octets int) bool {
	if p.size <= min(MinDatagram, p.max) {
		return false
	}
	p.calm, p.patience = 0, min(2*p.patience, maxPatience)
	octets = min(octets, p.size)
	if p.tooLarge == 0 || octets < p.tooLarge {
		p.tooLarge = octets
	}
	if p.good >= octets {
		p.good = 0 // the path has changed
	}
	switch {
	case octets > SafeDatagram:
		p.size = max(octets/4, SafeDatagram)
	case octets > middling:
		p.size = middling
	default:
		p.size = MinDatagram
	}
	p.size = max(p.size, p.good)
	return true
}

// repeats bounds the repetitions of a GetBulk for a meter that does not answer
// to many, whatever their size.
type repeats struct {
	most     int // 0 is any number
	calm     int // answers to as many since it changed
	patience int // of them until the next growth
}

// within is n, or what the meter answers.
func (r *repeats) within(n int) int {
	if r.most > 0 {
		n = min(n, r.most)
	}
	return n
}

// refused notes that n were too many.
func (r *repeats) refused(n int) {
	r.most, r.calm, r.patience = max(n/2, 1), 0, max(2*r.patience, maxPatience)
}

// answered notes an answer to n.
func (r *repeats) answered(n int) {
	if r.most == 0 || n < r.most {
		return
	}
	if r.calm++; r.calm >= r.patience {
		r.most, r.calm = min(2*r.most, maxReps), 0
	}
}
