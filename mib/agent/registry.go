package agent

import (
	"fmt"
	"reflect"
	"slices"
	"sort"
	"strings"

	"netramet/mib/ber"
)

// entry is one registered prefix.
type entry struct {
	prefix []uint32
	table  Table
	setter Setter
}

// registry holds the tables in the order of their prefixes, none of which is
// a prefix of another. Look-ups are binary searches, after a look at the entry
// found last: a walk stays in one table for long.
type registry struct {
	entries []entry
	last    int
}

func (g *registry) add(prefix []uint32, t Table, s Setter) error {
	switch {
	case len(prefix) < 2 || len(prefix) >= ber.MaxOID:
		return fmt.Errorf("agent: prefix %s has a bad length", dotted(prefix))
	case t == nil:
		return fmt.Errorf("agent: no table for prefix %s", dotted(prefix))
	case s != nil && !reflect.TypeOf(s).Comparable():
		return fmt.Errorf("agent: the setter for prefix %s (%T) is not comparable", dotted(prefix), s)
	}
	i := g.search(prefix)
	for _, j := range []int{i - 1, i} {
		if j < 0 || j >= len(g.entries) {
			continue
		}
		if o := g.entries[j].prefix; hasPrefix(prefix, o) || hasPrefix(o, prefix) {
			return fmt.Errorf("agent: prefixes %s and %s overlap", dotted(prefix), dotted(o))
		}
	}
	g.entries = slices.Insert(g.entries, i, entry{slices.Clone(prefix), t, s})
	return nil
}

// search returns the first entry whose subtree does not lie wholly before
// name.
func (g *registry) search(name []uint32) int {
	if g.last < len(g.entries) && hasPrefix(name, g.entries[g.last].prefix) {
		return g.last
	}
	g.last = sort.Search(len(g.entries), func(i int) bool { return relate(name, g.entries[i].prefix) <= 0 })
	return g.last
}

// find returns the entry that name lies in, nil if there is none.
func (g *registry) find(name []uint32) *entry {
	if i := g.search(name); i < len(g.entries) && hasPrefix(name, g.entries[i].prefix) {
		return &g.entries[i]
	}
	return nil
}

func (g *registry) get(q *Request, name []uint32, v *Value) Status {
	e := g.find(name)
	if e == nil {
		return NoSuchObject
	}
	v.val = ber.Value{}
	return e.table.Get(q, name[len(e.prefix):], v)
}

// next finds the first instance after name, whatever the view.
func (g *registry) next(q *Request, name []uint32, out *Name, v *Value) Status {
	for i := g.search(name); i < len(g.entries); i++ {
		e := &g.entries[i]
		var suffix []uint32
		if hasPrefix(name, e.prefix) {
			suffix = name[len(e.prefix):]
		}
		out.begin(e.prefix)
		v.val = ber.Value{}
		switch st := e.table.Next(q, suffix, out, v); st {
		case OK, More:
			if out.over || compare(out.oid(), name) <= 0 {
				return GenErr
			}
			return st
		case EndOfMibView, NoSuchObject, NoSuchInstance:
		default:
			return st
		}
	}
	return EndOfMibView
}

// viewGet is get for what the principal may see.
func (g *registry) viewGet(q *Request, name []uint32, v *Value) Status {
	if !q.Principal.View.Contains(name) {
		return NoSuchObject
	}
	return g.get(q, name, v)
}

// viewNext is next for what the principal may see and, in SNMPv1, what can be
// sent, which Counter64 cannot (decision 28). It returns More as a Table does.
func (g *registry) viewNext(q *Request, name []uint32, out *Name, v *Value, buf []uint32) Status {
	view := q.Principal.View
	for {
		st := g.next(q, name, out, v)
		if st != OK {
			return st
		}
		q.Spend(stepWork)
		if view.Contains(out.oid()) {
			if q.Version != V1 || v.val.Tag != ber.Counter64 {
				return OK
			}
			name = append(buf[:0], out.oid()...)
		} else {
			target, ok := view.skip(out.oid(), buf)
			if !ok {
				return EndOfMibView
			}
			// Next finds what is greater than target; target itself may be an
			// instance, where a view names one.
			if g.viewGet(q, target, v) == OK && (q.Version != V1 || v.val.Tag != ber.Counter64) {
				out.begin(target)
				return OK
			}
			name = target
		}
		if q.Budget() <= 0 {
			out.begin(name)
			return More
		}
	}
}

// dotted prints an OID.
func dotted(oid []uint32) string {
	var b strings.Builder
	for i, id := range oid {
		if i > 0 {
			b.WriteByte('.')
		}
		fmt.Fprint(&b, id)
	}
	return b.String()
}
