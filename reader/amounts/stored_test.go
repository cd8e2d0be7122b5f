package amounts_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"netramet/mib"
	"netramet/reader"
	"netramet/reader/amounts"
	"netramet/reader/lines"
	"netramet/ruleset"
)

// taker notes amounts, of records and of stored flows alike.
type taker struct {
	got    []string
	stored bool // it takes them
}

func (*taker) Begin(reader.Interval, []reader.Task) error { return nil }
func (*taker) End() error                                 { return nil }
func (*taker) Abort() error                               { return nil }
func (k *taker) TakesStored() bool                        { return k.stored }

func (k *taker) Record(rec *reader.Record) error {
	k.got = append(k.got, fmt.Sprint(rec.RuleSet, rec.Index, rec.Baseline, rec.Amounts))
	return nil
}

func (k *taker) Stored(list []reader.Stored) error {
	for i := range list {
		f := &list[i]
		k.got = append(k.got, fmt.Sprint(f.RuleSet, f.Index, f.Baseline, f.Numbers[mib.StoredAmounts:mib.StoredAmounts+mib.StoredCounters]))
	}
	return nil
}

// counters are those that flows have stored, in their order.
var counters = []mib.Attr{mib.AttrToOctets, mib.AttrToPDUs, mib.AttrFromOctets, mib.AttrFromPDUs}

// TestCounters: stored flows have their counters in the order of all.
func TestCounters(t *testing.T) {
	if !slices.Equal(lines.Counters[:mib.StoredCounters], counters) {
		t.Errorf("the first counters are %v", lines.Counters)
	}
	for i, n := range []mib.StoredNumber{mib.StoredToOctets, mib.StoredToPDUs, mib.StoredFromOctets, mib.StoredFromPDUs} {
		if n != mib.StoredToOctets+mib.StoredNumber(i) {
			t.Errorf("%s is stored number %d", counters[i], n)
		}
	}
}

// TestStored: stored flows get the amounts that their records get, also where nobody can
// know them, and give the mark of those back.
func TestStored(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	tasks := []reader.Task{{RuleSet: 2, Format: format(counters...)}, {RuleSet: 5, Format: format(counters...)}}
	list := make([]mib.Place, len(counters)+1)
	for i := range counters {
		list[i] = *mib.NumberPlace(mib.StoredToOctets + mib.StoredNumber(i))
	}
	places := mib.NewPlaces(0, list)
	takers := []*taker{{}, {stored: true}}
	outs := []*amounts.Output{amounts.New(takers[0]), amounts.New(takers[1])}
	from, to := uint64(500), uint64(1000) // flows of before have no amounts
	for n := range 20 {
		iv := reader.Interval{Number: uint64(n), From: from, To: to, Meter: "m", MeterStart: time.Unix(1_700_000_000, 0), Restarted: n == 12}
		var flows []reader.Stored
		for i := range uint32(100) {
			if r.IntN(3) == 0 {
				continue
			}
			f := reader.Stored{RuleSet: 2 + 3*int(i/50), Index: i%50 + 1, Places: places}
			f.Numbers[mib.StoredFirstTime] = uint64(i*7) + uint64(r.IntN(3)/2)
			for k := range mib.StoredCounters {
				f.Numbers[mib.StoredToOctets+k] = uint64(n*1000) + uint64(r.IntN(1020))<<r.IntN(2)
			}
			flows = append(flows, f)
		}
		for i, o := range outs {
			if err := o.Begin(iv, tasks); err != nil || o.TakesStored() != takers[i].stored {
				t.Fatal(err)
			}
		}
		var rec reader.Record
		for i := range flows {
			rec.Fill(&flows[i])
			if err := outs[0].Record(&rec); err != nil {
				t.Fatal(err)
			}
		}
		for part := range slices.Chunk(flows, 32) {
			if err := outs[1].Stored(part); err != nil {
				t.Fatal(err)
			}
		}
		for i := range flows {
			if flows[i].Baseline {
				t.Errorf("the mark of flow %d stays", i)
			}
		}
		for _, o := range outs {
			if n%5 == 4 {
				_ = o.Abort()
			} else if err := o.End(); err != nil {
				t.Fatal(err)
			}
		}
		from, to = to-1, to+500
	}
	if !slices.Equal(takers[0].got, takers[1].got) {
		t.Errorf("records:\n%s\nstored flows:\n%s", strings.Join(takers[0].got, "\n"), strings.Join(takers[1].got, "\n"))
	}
	if all := strings.Join(takers[1].got, "\n"); !strings.Contains(all, "true") || !strings.Contains(all, "false") {
		t.Error("all amounts are known, or none")
	}
	bad := []reader.Stored{{RuleSet: 9, Places: places}}
	if err := outs[1].Stored(bad); err == nil {
		t.Error("a flow of a rule set that is not collected has amounts")
	}
}

// TestInPlaceTakesNone: amounts in the place of counters need records.
func TestInPlaceTakesNone(t *testing.T) {
	o := amounts.InPlace(&taker{stored: true})
	task := reader.Task{RuleSet: 2, Format: ruleset.DefaultFormat()}
	if err := o.Begin(reader.Interval{}, []reader.Task{task}); err != nil || o.TakesStored() {
		t.Errorf("takes stored flows: %v, %v", o.TakesStored(), err)
	}
}
