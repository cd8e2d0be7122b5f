package ruleset

import (
	"maps"
	"slices"
	"strings"

	"netramet/internal/spelling"
	"netramet/mib"
)

// didYouMean returns a hint with the name nearest to the one written: one that
// begins with it, else one at most two changes away; "" if none is near.
func didYouMean(name string, known []string) string {
	name = strings.ToLower(name)
	if name == "" || len(name) > 40 {
		return ""
	}
	best, bestCost := "", 3
	for _, k := range known {
		cost := 3
		switch lower := strings.ToLower(k); {
		case len(name) >= 3 && strings.HasPrefix(lower, name):
			cost = 1
		case len(name) >= 3:
			cost = spelling.Distance(name, lower, 2)
		}
		if cost < bestCost {
			best, bestCost = k, cost
		}
	}
	if best == "" {
		return ""
	}
	return "did you mean " + best + "?"
}

func attrNames() []string {
	var names []string
	for _, a := range mib.Attrs() {
		names = append(names, a.String())
	}
	return names
}

func actionNames() []string {
	var names []string
	for a := mib.ActionIgnore; a < mib.NumActions; a++ {
		names = append(names, a.String())
	}
	return names
}

func sortedNames[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

func sortedLabels(m map[string]*label) []string {
	names := make([]string, 0, len(m))
	for _, l := range m {
		names = append(names, l.name)
	}
	slices.Sort(names)
	return names
}
