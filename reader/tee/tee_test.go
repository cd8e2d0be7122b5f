package tee_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"netramet/reader"
	"netramet/reader/tee"
)

// out notes its calls, and fails in those that are named.
type out struct {
	calls []string
	fails string
}

func (o *out) call(name string) error {
	o.calls = append(o.calls, name)
	if strings.Contains(o.fails, name) {
		return errors.New("full")
	}
	return nil
}

func (o *out) Begin(reader.Interval, []reader.Task) error { return o.call("begin") }
func (o *out) Record(*reader.Record) error                { return o.call("record") }
func (o *out) End() error                                 { return o.call("end") }
func (o *out) Abort() error                               { return o.call("abort") }

func collect(o reader.Output) error {
	err := o.Begin(reader.Interval{}, nil)
	if err == nil {
		err = o.Record(nil)
	}
	if err == nil {
		err = o.End()
	}
	if err != nil {
		err = errors.Join(err, o.Abort())
	}
	return err
}

func TestBestEffort(t *testing.T) {
	a, b := &out{}, &out{}
	var told []string
	o := tee.New([]reader.Output{a}, []tee.BestEffort{{Name: "b", Output: b}}, func(text string) { told = append(told, text) })
	for _, fails := range []string{"", "begin", "record", "end", "", "begin abort", ""} {
		b.fails = fails
		if err := collect(o); err != nil {
			t.Errorf("%q of what may fail: %v", fails, err)
		}
	}
	if want := slices.Repeat([]string{"begin", "record", "end"}, 7); !slices.Equal(a.calls, want) {
		t.Errorf("the one that is required: %v", a.calls)
	}
	want := "begin record end  begin abort  begin record abort  begin record end abort  begin record end  begin abort  begin record end"
	if got := strings.Join(b.calls, " "); got != strings.Join(strings.Fields(want), " ") {
		t.Errorf("the other one: %s", got)
	}
	if len(told) != 5 || !strings.Contains(told[1], "missed 3 collections") || !strings.Contains(told[4], "missed 1 collections") {
		t.Errorf("told: %q", told)
	}
}

func TestRequired(t *testing.T) {
	for _, fails := range []string{"begin", "record", "end"} {
		a, b, c := &out{}, &out{fails: fails}, &out{}
		o := tee.New([]reader.Output{a, b}, []tee.BestEffort{{Name: "c", Output: c}}, func(string) {})
		if err := collect(o); err == nil {
			t.Errorf("a failure of %s is none", fails)
		}
		for _, x := range []*out{a, b} {
			if x.calls[len(x.calls)-1] != "abort" {
				t.Errorf("after a failure of %s: %v", fails, x.calls)
			}
		}
		b.fails = ""
		if err := collect(o); err != nil {
			t.Errorf("after a failure of %s: %v", fails, err)
		}
	}
}

// storing is an output that may take stored flows.
type storing struct {
	out
	takes bool
}

func (o *storing) TakesStored() bool            { return o.takes }
func (o *storing) Stored([]reader.Stored) error { return o.call("stored") }

// TestStored: stored flows go to all, if all take them that have the collection.
func TestStored(t *testing.T) {
	for _, tt := range []struct {
		name, fails string
		takes       [3]bool
		want        bool
	}{
		{"all", "", [3]bool{true, true, true}, true},
		{"one that is required does not", "", [3]bool{true, false, true}, false},
		{"another does not", "", [3]bool{true, true, false}, false},
		{"another that misses the collection", "begin", [3]bool{true, true, false}, true},
		{"another fails", "stored", [3]bool{true, true, true}, true},
	} {
		a, b, c := &storing{takes: tt.takes[0]}, &storing{takes: tt.takes[1]}, &storing{takes: tt.takes[2]}
		c.fails = tt.fails
		o := tee.New([]reader.Output{a, b}, []tee.BestEffort{{Name: "c", Output: c}}, func(string) {})
		if err := o.Begin(reader.Interval{}, nil); err != nil {
			t.Fatal(err)
		}
		if got := o.TakesStored(); got != tt.want {
			t.Errorf("%s: takes stored flows: %v", tt.name, got)
		}
		if !tt.want {
			continue
		}
		if err := errors.Join(o.Stored(nil), o.Stored(nil), o.End()); err != nil {
			t.Errorf("%s: %v", tt.name, err)
		}
		want := map[string]string{"": "begin stored stored end", "begin": "begin abort", "stored": "begin stored abort"}[tt.fails]
		if got := strings.Join(c.calls, " "); got != want {
			t.Errorf("%s: calls of the last one: %s", tt.name, got)
		}
		if got := strings.Join(b.calls, " "); got != "begin stored stored end" {
			t.Errorf("%s: calls of one that is required: %s", tt.name, got)
		}
	}
	a := &storing{takes: true}
	a.fails = "stored"
	o := tee.New([]reader.Output{a}, nil, nil)
	if err := errors.Join(o.Begin(reader.Interval{}, nil), o.Stored(nil)); err == nil {
		t.Error("a failure of one that is required is none")
	}
}
