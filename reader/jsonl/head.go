package jsonl

import (
	"encoding/json"
	"fmt"
	"time"

	"netramet/reader/columns"
)

// Head is what each line of a collection tells of it, or the line that ends it.
type Head struct {
	Type      string
	Schema    int
	Meter     string
	Start     time.Time
	RuleSet   int
	Name      string
	Interval  uint64
	Begin     time.Time
	End       time.Time
	Restarted bool
	Octets    string
	RuleSets  []int   // all, of a line that ends a collection
	Flows     *uint64 // likewise
}

// ReadHead reads a line's head, and returns the names of all its members, in order. Names
// may be of any set.
func ReadHead(line []byte, h *Head) (names []string, err error) {
	to := map[string]any{
		"type": &h.Type, "schema": &h.Schema, "meter": &h.Meter, "meter_start": &h.Start, "ruleset": &h.RuleSet, "ruleset_name": &h.Name,
		"interval": &h.Interval, "interval_start": &h.Begin, "interval_end": &h.End, "restarted": &h.Restarted, "octets_mode": &h.Octets,
		"rulesets": &h.RuleSets, "flows": &h.Flows,
	}
	s := members{text: line}
	for s.next() {
		name := string(s.name)
		names = append(names, name)
		if name != "type" && name != "rulesets" && name != "flows" {
			if name = plainNames[name]; name == "" {
				continue
			}
		}
		if p, ok := to[name]; ok {
			if err := json.Unmarshal(s.value, p); err != nil {
				return nil, fmt.Errorf("%q: %w", s.name, err)
			}
		}
	}
	if s.bad {
		return nil, errNoObject
	}
	return names, nil
}

// plainNames are the columns' names in the set RTFM, by their names in all sets.
var plainNames = func() map[string]string {
	names := make(map[string]string)
	always, attrs := columns.All()
	for _, list := range [][]columns.Column{always, attrs} {
		for i := range list {
			for _, set := range []columns.Names{columns.RTFM, columns.ECS, columns.OTel} {
				names[list[i].In(set)] = list[i].Name
			}
		}
	}
	return names
}()
