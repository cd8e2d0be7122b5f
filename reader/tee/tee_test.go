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
