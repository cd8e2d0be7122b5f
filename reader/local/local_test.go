package local

import (
	"slices"
	"testing"
	"time"

	"netramet/meter"
	"netramet/meter/control"
	"netramet/reader"
	"netramet/ruleset"
	"netramet/sources/sourcetest"
	"netramet/sources/wire"
)

// TestSetValue: each kind of value comes into the record whole, and nothing of what
// the record held before stays.
func TestSetValue(t *testing.T) {
	spec := []byte{1, 0, 0, 25, 5, 220, 3, 0, 0, 0, 0, 0}
	values := []meter.Value{
		{Num: 1 << 63},
		{Octets: []byte{10, 1, 0, 5}},
		{Octets: spec, Numbers: []uint64{5, 0, 1 << 60, 1}},
		{}, // a distribution that the flow does not have
		{Octets: spec, Numbers: []uint64{7, 8}},
	}
	var rec reader.Record
	for range 2 {
		rec.Clear(len(values))
		for i := range values {
			setValue(&rec, i, &values[i])
		}
		for i, want := range values {
			v := &rec.Values[i]
			if v.Num != want.Num || !slices.Equal(v.Octets[:v.Len], want.Octets) || !slices.Equal(rec.Numbers(i), want.Numbers) {
				t.Errorf("value %d is %d, %x, %d, want %+v", i, v.Num, v.Octets[:v.Len], rec.Numbers(i), want)
			}
		}
		slices.Reverse(values)
	}
	if n := testing.AllocsPerRun(100, func() {
		rec.Clear(len(values))
		for i := range values {
			setValue(&rec, i, &values[i])
		}
	}); n != 0 {
		t.Errorf("%v allocations a record", n)
	}
}

// TestLive: of a meter without intervals a collection reads all up to now, and the
// next one what has changed since, with the overlap of one centisecond.
func TestLive(t *testing.T) {
	rs, diags, err := ruleset.ReadText("hosts.rules", []byte(`
SET 2
RULES
  Null & 0 = 0: GotoAct, Next;
  SourcePeerAddress & 255.255.255.255 = 0: PushPktToAct, Next;
  Null & 0 = 0: Count, 0;
`), ruleset.ReadOptions{})
	if err != nil {
		t.Fatal(err, diags)
	}
	m := control.New(meter.Config{}, control.Config{})
	if err := m.Change(func(c *control.Change) error { return c.Run(rs) }); err != nil {
		t.Fatal(err)
	}
	feed := func(src string, seconds int) {
		f := sourcetest.Frame(t, sourcetest.Ether("", ""), sourcetest.IPv4{Src: src, Dst: "10.0.0.9"},
			sourcetest.UDP{Src: 1, Dst: 2}, sourcetest.At(time.Duration(seconds)*time.Second))
		m.Feed(&wire.Batch{Frames: []wire.Frame{f}})
	}
	for n := range 30 {
		feed("10.0.0.1", n)
	}
	feed("10.0.0.2", 30)
	flows := New(m, "lab")
	tasks := []reader.Task{{RuleSet: 2, Format: ruleset.DefaultFormat(), Statistics: true}}
	if err := flows.Register(tasks); err != nil {
		t.Fatal(err)
	}
	begun := time.Unix(0, sourcetest.StartTime)
	collect := func(from, to uint64, want ...uint32) {
		t.Helper()
		iv, err := flows.Begin(t.Context(), tasks)
		if err != nil || iv.From != from || iv.To != to || len(iv.Stats) != 13 {
			t.Errorf("%+v, %v, want from %d to %d", iv, err, from, to)
		}
		if iv.Meter != "lab" || iv.Octets != reader.OctetsFrame || iv.SampleRate != 1 || iv.Restarted || iv.Amounts ||
			!iv.MeterStart.Equal(begun.Add(-10*time.Millisecond)) || !iv.End().Equal(begun.Add(time.Duration(to-1)*10*time.Millisecond)) {
			t.Errorf("%+v", iv)
		}
		var got []uint32
		var rec reader.Record
		for flows.Next(t.Context(), &rec) == nil {
			got = append(got, rec.Index)
		}
		if !slices.Equal(got, want) {
			t.Errorf("flows %d, want %d", got, want)
		}
	}
	collect(1, 3001, 1, 2)
	collect(1, 3001, 1, 2) // again, because it was not committed
	if err := flows.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	feed("10.0.0.1", 40)
	collect(3000, 4001, 1, 2) // flow 2 changed in the centisecond that both have
	if err := flows.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	feed("10.0.0.1", 50)
	collect(4000, 5001, 1)
}
