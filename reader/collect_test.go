package reader_test

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"netramet/mib"
	"netramet/reader"
	"netramet/ruleset"
)

var errMeter, errOutput, errAbort = errors.New("meter gone"), errors.New("disk full"), errors.New("cannot cut")

// script is a meter and an output in one, so that the order of all calls is
// seen. The call named fail fails.
type script struct {
	calls []string
	fail  []string
	flows int // to give
	tasks []reader.Task
}

func (s *script) call(name string, err error) error {
	s.calls = append(s.calls, name)
	if slices.Contains(s.fail, name) {
		return err
	}
	return nil
}

type meter struct{ *script }

func (m meter) Begin(_ context.Context, tasks []reader.Task) (reader.Interval, error) {
	m.tasks = tasks
	return reader.Interval{Number: 4, Time: time.Unix(1e9, 0), From: 1, To: 9}, m.call("meter.Begin", errMeter)
}

func (m meter) Next(_ context.Context, rec *reader.Record) error {
	if err := m.call("meter.Next", errMeter); err != nil {
		return err
	}
	if m.flows == 0 {
		return io.EOF
	}
	m.flows--
	rec.RuleSet = 2
	return nil
}

func (m meter) Commit(context.Context) error { return m.call("meter.Commit", errMeter) }

type output struct{ *script }

func (o output) Begin(reader.Interval, []reader.Task) error { return o.call("out.Begin", errOutput) }
func (o output) Record(*reader.Record) error                { return o.call("out.Record", errOutput) }
func (o output) End() error                                 { return o.call("out.End", errOutput) }
func (o output) Abort() error                               { return o.call("out.Abort", errAbort) }

func TestCollectOrder(t *testing.T) {
	const begin = "meter.Begin out.Begin"
	for _, tt := range []struct {
		name  string
		fail  string
		flows int
		calls string
		n     int
		errs  []error
	}{
		{"no flow", "", 0, begin + " meter.Next out.End meter.Commit", 0, nil},
		{"two flows", "", 2, begin + " meter.Next out.Record meter.Next out.Record meter.Next out.End meter.Commit", 2, nil},
		{"meter fails at once", "meter.Begin", 1, "meter.Begin", 0, []error{errMeter}},
		{"meter fails between", "meter.Next", 1, begin + " meter.Next out.Abort", 0, []error{errMeter}},
		{"output does not begin", "out.Begin", 1, begin + " out.Abort", 0, []error{errOutput}},
		{"output fails", "out.Record", 2, begin + " meter.Next out.Record out.Abort", 0, []error{errOutput}},
		{"output does not end", "out.End", 1, begin + " meter.Next out.Record meter.Next out.End out.Abort", 1, []error{errOutput}},
		{"abort fails too", "out.End out.Abort", 0, begin + " meter.Next out.End out.Abort", 0, []error{errOutput, errAbort}},
		{"not acknowledged", "meter.Commit", 1, begin + " meter.Next out.Record meter.Next out.End meter.Commit", 1, []error{errMeter}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := &script{fail: strings.Fields(tt.fail), flows: tt.flows}
			iv, n, err := reader.Collect(context.Background(), meter{s}, []reader.Task{{RuleSet: 2, Name: "x"}}, output{s})
			if got := strings.Join(s.calls, " "); got != tt.calls {
				t.Errorf("calls %s\nwant  %s", got, tt.calls)
			}
			if n != tt.n || iv.Number != 4 {
				t.Errorf("interval %d, %d records, want %d", iv.Number, n, tt.n)
			}
			if (err != nil) != (len(tt.errs) > 0) {
				t.Errorf("error %v", err)
			}
			for _, want := range tt.errs {
				if !errors.Is(err, want) {
					t.Errorf("error %v does not tell %v", err, want)
				}
			}
			var commit *reader.CommitError
			if got, want := errors.As(err, &commit), tt.fail == "meter.Commit"; got != want || got && commit.Number != 4 {
				t.Errorf("CommitError is %v, want %v", got, want)
			}
		})
	}
}

func TestCollectTasks(t *testing.T) {
	own := &ruleset.Format{Attrs: []mib.Attr{mib.AttrToPDUs}, Seps: []string{"", ""}}
	tasks := []reader.Task{{RuleSet: 7, Name: "seven", Format: own}, {RuleSet: 2, Name: "two"}}
	s := &script{}
	if _, _, err := reader.Collect(context.Background(), meter{s}, tasks, output{s}); err != nil {
		t.Fatal(err)
	}
	if len(s.tasks) != 2 || s.tasks[0].RuleSet != 2 || s.tasks[0].Format == nil || s.tasks[1].Format != own {
		t.Errorf("the meter got %+v", s.tasks)
	}
	if tasks[0].RuleSet != 7 || tasks[1].Format != nil {
		t.Errorf("the caller's tasks became %+v", tasks)
	}
	for _, bad := range [][]reader.Task{{{RuleSet: 0}}, {{RuleSet: 256}}, {{RuleSet: 2}, {RuleSet: 2}}} {
		s := &script{}
		if _, _, err := reader.Collect(context.Background(), meter{s}, bad, output{s}); err == nil || len(s.calls) > 0 {
			t.Errorf("%+v: error %v, calls %v", bad, err, s.calls)
		}
	}
}
