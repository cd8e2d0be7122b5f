package snmpflows

import (
	"fmt"
	"slices"

	"netramet/mib"
	"netramet/mib/ber"
	"netramet/mib/client"
	"netramet/ruleset"
)

// limits bound packages: by what a selector can name, and by what gets through.
type limits struct {
	attrs  int // in a selector
	octets int // reckoned for the values of a package; 0: any number
	// seen is, by attribute, the size of the largest value that has come, with its
	// header; 0 before one did.
	seen [256]int
}

// plan is a FORMAT made ready for asking: one or more packages that together
// hold its attributes, and where their values go.
type plan struct {
	fields []field
	parts  []part
	limits *limits
	attrs  int // values of a record; the two of our own follow
	first  int // index of FirstTime among all values
	peer   int // index of the peer type, or -1

	most   int  // octets reckoned for the values of a part; 0: any number
	shrunk bool // the meter found a part too big
}

// part is one package.
type part struct {
	fields   []field
	selector []uint32 // length and attributes
	largest  int      // octets of the largest package that came with the last answer; 0 before one did
}

// newPlan makes a plan whose packages keep to limits, which it changes as it
// learns.
func newPlan(f *ruleset.Format, l *limits) (*plan, error) {
	p := &plan{limits: l, most: l.octets, attrs: len(f.Attrs), first: -1, peer: -1}
	seen := map[mib.Attr]int{}
	addresses := false
	for i, a := range f.Attrs {
		if !a.Is(mib.UseRead) {
			return nil, fmt.Errorf("a flow has no attribute %s", a)
		}
		if _, twice := seen[a]; twice {
			return nil, fmt.Errorf("%s stands twice in the format", a)
		}
		seen[a] = i
		p.fields = append(p.fields, field{a, i})
		addresses = addresses || isPeer(a)
	}
	// FirstTime says which flow had the index; the peer type says how an
	// address is printed.
	extra := []mib.Attr{mib.AttrFirstTime}
	_, source := seen[mib.AttrSourcePeerType]
	_, dest := seen[mib.AttrDestPeerType]
	if addresses && !source && !dest {
		extra = append(extra, mib.AttrSourcePeerType)
	}
	at := len(f.Attrs)
	for _, a := range extra {
		if _, ok := seen[a]; !ok {
			seen[a] = at
			p.fields = append(p.fields, field{a, at})
			at++
		}
	}
	p.first = seen[mib.AttrFirstTime]
	for _, a := range []mib.Attr{mib.AttrDestPeerType, mib.AttrSourcePeerType} {
		if i, ok := seen[a]; ok {
			p.peer = i
		}
	}
	p.divide()
	return p, nil
}

func isPeer(a mib.Attr) bool {
	switch a {
	case mib.AttrSourcePeerAddress, mib.AttrDestPeerAddress, mib.AttrSourcePeerMask, mib.AttrDestPeerMask:
		return true
	}
	return false
}

// divide cuts the fields into packages. Each holds FirstTime, by which they are
// joined again. One attribute that is larger than a package may be has one of its
// own.
func (p *plan) divide() {
	first := field{mib.AttrFirstTime, p.first}
	cur, octets := []field{first}, p.limits.reckon(first.attr)
	p.parts = nil
	for _, f := range p.fields {
		if f.attr == mib.AttrFirstTime {
			continue
		}
		more := p.limits.reckon(f.attr)
		if len(cur) > 1 && (len(cur) == p.limits.attrs || p.most > 0 && octets+more > p.most) {
			p.parts = append(p.parts, newPart(cur))
			cur, octets = []field{first}, p.limits.reckon(first.attr)
		}
		cur, octets = append(cur, f), octets+more
	}
	p.parts = append(p.parts, newPart(cur))
}

func newPart(fields []field) part {
	pt := part{fields: fields, selector: []uint32{uint32(len(fields))}}
	for _, f := range fields {
		pt.selector = append(pt.selector, uint32(f.attr))
	}
	return pt
}

// shrink cuts the packages into smaller ones, for a meter that finds number i too
// big for a message. It reports false if that one is a single attribute.
func (p *plan) shrink(i int) bool {
	if !p.cut(i) {
		return false
	}
	p.limits.octets, p.shrunk = p.most, true
	return true
}

// cut cuts the packages into smaller ones than number i. It reports false if that
// one is a single attribute.
func (p *plan) cut(i int) bool {
	if len(p.parts[i].fields) <= 2 {
		return false
	}
	if half := p.octets(i) / 2; p.most == 0 || half < p.most {
		p.most = half
	}
	p.divide()
	return true
}

// settle has the plans that follow make packages as large as this one's were, now
// that flows have shown how large the values are.
func (p *plan) settle() {
	if !p.shrunk {
		return
	}
	p.limits.octets = 0
	for i := range p.parts {
		p.limits.octets = max(p.limits.octets, p.octets(i))
	}
}

// octets is what the values of part i are reckoned to take.
func (p *plan) octets(i int) (n int) {
	for _, f := range p.parts[i].fields {
		n += p.limits.reckon(f.attr)
	}
	return n
}

// timeFilter says since when flows must have changed that are read, in
// centiseconds of uptime, and whether the meter knows times of 64 bits.
type timeFilter struct {
	since uint64
	wide  bool
}

// prefix is the name under which the packages of a rule set's flows lie that
// have changed since a time. In FLOW-METER-MIB only its low 32 bits exist.
func (pt *part) prefix(ruleSet int, t timeFilter) string {
	object, index := mib.ObjFlowPackageData, []uint32{uint32(ruleSet)}
	if t.wide {
		object, index = mib.ObjNtmPackageData, append(index, uint32(t.since>>32))
	}
	return string(client.Inst(object, append(slices.Clone(pt.selector), append(index, uint32(t.since))...)...)) + "."
}

// leastRow is reckoned for a package at least: behind the last one come other
// objects, of which few are larger.
const leastRow = 64

// row is the size of a variable with a package of part i, in octets: as the last
// ones were, or, before there were any and where none may be larger, as reckoned.
func (p *plan) row(i int, prefix string, strict bool) int {
	if last := p.parts[i].largest; last > 0 && !strict {
		return rowOctets(prefix, last)
	}
	return rowOctets(prefix, ber.Size(p.octets(i)))
}

// rowOctets is the size of a variable with a package of so many octets.
func rowOctets(prefix string, data int) int {
	return max(ber.Size(client.Name(prefix+longestIndex).Octets()+ber.Size(data)), leastRow)
}

// longestIndex is a FlowIndex as long as any.
const longestIndex = "4294967295"

// reckon is what an attribute's value takes, with its header, in octets: what it
// takes at most; but of a distribution, which may have many counters and mostly has
// few and low ones, what the largest so far took, if any has come.
func (l *limits) reckon(a mib.Attr) int {
	if a.IsDistribution() && l.seen[a] > 0 {
		return l.seen[a]
	}
	return mostOctets(a)
}

// mostOctets is the size of the largest value of an attribute, with its header.
func mostOctets(a mib.Attr) int {
	switch a.Class() {
	case mib.ClassDistribution:
		return largestDistribution
	case mib.ClassAddress, mib.ClassMask:
		return ber.Size(mib.MaxAddress)
	case mib.ClassCounter, mib.ClassTime:
		return ber.MaxSize64
	}
	return ber.MaxSize32
}

// largestDistribution is the size of a distribution of as many counters as can be.
const largestDistribution = 4 + 2*(2+specSize) + 4 + mib.MaxCounters*ber.MaxSize64
