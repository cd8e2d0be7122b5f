package reader

import (
	"netramet/mib"
	"netramet/ruleset"
)

// Namer knows what numbers are called, as those of systems, customers or kinds of
// flow. Outputs print that beside the number. It is comparable, a pointer mostly, and
// any number of goroutines may call it.
type Namer interface {
	// Has reports whether numbers of the attribute may have names.
	Has(a mib.Attr) bool
	// Name returns what a number of the attribute is called, "" if it has no name:
	// valid UTF-8 without control characters.
	Name(a mib.Attr, number uint64) string
}

// NamesOf are the names for a task that reads the flows of a rule set: those of a
// table, nil if there is none, and those of the kinds that the rule set knows. It is
// nil if there are neither.
func NamesOf(table Namer, rs *ruleset.RuleSet) Namer {
	if len(rs.Kinds) == 0 {
		return table
	}
	return &namesAndKinds{table, rs.Kinds}
}

type namesAndKinds struct {
	table Namer // or nil
	kinds map[uint64]string
}

// Has implements Namer.
func (n *namesAndKinds) Has(a mib.Attr) bool {
	return a == mib.AttrFlowKind || n.table != nil && n.table.Has(a)
}

// Name implements Namer.
func (n *namesAndKinds) Name(a mib.Attr, number uint64) string {
	switch {
	case a == mib.AttrFlowKind:
		return n.kinds[number]
	case n.table != nil:
		return n.table.Name(a, number)
	}
	return ""
}
