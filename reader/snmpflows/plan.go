package snmpflows

import (
	"errors"
	"fmt"
	"slices"

	"netramet/mib"
	"netramet/mib/ber"
	"netramet/mib/client"
	"netramet/reader"
	"netramet/ruleset"
)

// plan is a FORMAT made ready for asking: one or more packages that together
// hold its attributes, and where their values go.
type plan struct {
	parts []part
	attrs int // values of a record; the two of our own follow
	first int // index of FirstTime among all values
	peer  int // index of the peer type, or -1
}

// part is one package.
type part struct {
	fields   []field
	selector []uint32 // length and attributes
	largest  int      // octets of the largest package that came with the last answer; 0 before one did
}

// newPlan makes a plan whose packages have at most limit attributes.
func newPlan(f *ruleset.Format, limit int) (*plan, error) {
	p := &plan{attrs: len(f.Attrs), first: -1, peer: -1}
	var fields []field
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
		fields = append(fields, field{a, i})
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
			fields = append(fields, field{a, at})
			at++
		}
	}
	p.first = seen[mib.AttrFirstTime]
	for _, a := range []mib.Attr{mib.AttrDestPeerType, mib.AttrSourcePeerType} {
		if i, ok := seen[a]; ok {
			p.peer = i
		}
	}
	return p, p.divide(fields, limit)
}

func isPeer(a mib.Attr) bool {
	switch a {
	case mib.AttrSourcePeerAddress, mib.AttrDestPeerAddress, mib.AttrSourcePeerMask, mib.AttrDestPeerMask:
		return true
	}
	return false
}

// divide cuts fields into packages. Each holds FirstTime, by which they are
// joined again.
func (p *plan) divide(fields []field, limit int) error {
	if limit > mib.MaxSelector {
		limit = mib.MaxSelector
	}
	if len(fields) <= limit {
		p.parts = []part{newPart(fields)}
		return nil
	}
	if limit < 2 {
		return errors.New("a package of one attribute cannot be divided")
	}
	first := field{mib.AttrFirstTime, p.first}
	p.parts = nil
	cur := []field{first}
	for _, f := range fields {
		if f.attr == mib.AttrFirstTime {
			continue
		}
		if len(cur) == limit {
			p.parts, cur = append(p.parts, newPart(cur)), []field{first}
		}
		cur = append(cur, f)
	}
	p.parts = append(p.parts, newPart(cur))
	return nil
}

func newPart(fields []field) part {
	pt := part{fields: fields, selector: []uint32{uint32(len(fields))}}
	for _, f := range fields {
		pt.selector = append(pt.selector, uint32(f.attr))
	}
	return pt
}

// widest is the number of attributes in the largest package.
func (p *plan) widest() int {
	n := 0
	for _, pt := range p.parts {
		n = max(n, len(pt.fields))
	}
	return n
}

// halve cuts the packages into smaller ones, for a meter that finds them too
// big for a message. It reports false if that is not possible.
func (p *plan) halve() bool {
	n := p.widest()
	if n <= 2 {
		return false
	}
	var fields []field
	for i, pt := range p.parts {
		for _, f := range pt.fields {
			if i == 0 || f.attr != mib.AttrFirstTime {
				fields = append(fields, f)
			}
		}
	}
	return p.divide(fields, max(2, n/2+1)) == nil
}

// biggest names the attribute that may be what is too big for a message.
func (pt *part) biggest() string {
	for _, f := range pt.fields {
		if f.attr.IsDistribution() {
			return f.attr.String()
		}
	}
	return pt.fields[len(pt.fields)-1].attr.String()
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

// row is the size of a variable with a package, in octets: what the last ones had,
// or, before there were any and where none may be larger than reckoned, at most. It
// is 0 if nothing is known.
func (pt *part) row(prefix string, strict bool) int {
	data := pt.largest
	if bound := pt.most(); bound > 0 && (strict || data == 0) {
		data = bound
	}
	if data == 0 {
		return 0
	}
	return max(ber.Size(client.Name(prefix+longestIndex).Octets()+ber.Size(data)), leastRow)
}

// longestIndex is a FlowIndex as long as any.
const longestIndex = "4294967295"

// most is the size of the largest package, in octets; 0 if it has no bound.
func (pt *part) most() int {
	sum := 0
	for _, f := range pt.fields {
		switch f.attr.Class() {
		case mib.ClassDistribution:
			return 0
		case mib.ClassAddress, mib.ClassMask:
			sum += ber.Size(mib.MaxAddress)
		case mib.ClassCounter, mib.ClassTime:
			sum += ber.MaxSize64
		default:
			sum += ber.MaxSize32
		}
	}
	return ber.Size(sum)
}

// values returns rec.Values with room for all that the plan reads.
func (p *plan) values(rec *reader.Record) []reader.Value {
	n := p.attrs + 2
	if cap(rec.Values) < n {
		rec.Values = make([]reader.Value, n)
	}
	return rec.Values[:n]
}
