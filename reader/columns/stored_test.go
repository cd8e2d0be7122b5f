package columns

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"netramet/mib"
	"netramet/reader"
	"netramet/reader/cells"
	"netramet/ruleset"
)

// randomPlaces are where attributes may lie: as a meter has them, and in any other way
// that a value of the attribute may.
func randomPlaces(r *rand.Rand, number int, attrs []mib.Attr) *mib.Places {
	list := make([]mib.Place, len(attrs)+1)
	for i, a := range append(attrs[:len(attrs):len(attrs)], mib.AttrSourcePeerType) {
		p := &list[i]
		switch a.Class() {
		case mib.ClassAddress, mib.ClassMask:
			switch r.IntN(5) {
			case 0:
				p.Fixed.Len = uint8(r.IntN(mib.MaxAddress + 1))
				p.Fixed.Octets[0] = byte(r.IntN(256))
			case 1:
				*p = mib.Place{In: mib.InPeerType, At: uint8(r.IntN(40))}
			default:
				*p = mib.Place{In: mib.InOctets, At: uint8(r.IntN(40)), Size: []uint8{1, 2, 3, 4, 6, 10, 16, 20}[r.IntN(8)]}
			}
		default:
			switch r.IntN(4) {
			case 0:
				p.Fixed.Num = uint64(r.IntN(300))
			default:
				*p = mib.Place{In: mib.InOctets, At: uint8(r.IntN(40)), Size: uint8(1 + r.IntN(8)), Number: true}
			}
		}
		if n, is := ownNumbers[a]; is {
			*p = *mib.NumberPlace(n)
		}
	}
	return mib.NewPlaces(number, list)
}

var ownNumbers = map[mib.Attr]mib.StoredNumber{
	mib.AttrFlowIndex: mib.StoredIndex, mib.AttrFlowRuleSet: mib.StoredRuleSet, mib.AttrToOctets: mib.StoredToOctets, mib.AttrToPDUs: mib.StoredToPDUs,
	mib.AttrFromOctets: mib.StoredFromOctets, mib.AttrFromPDUs: mib.StoredFromPDUs, mib.AttrFirstTime: mib.StoredFirstTime, mib.AttrLastActiveTime: mib.StoredLastActive,
}

// storedFormat has all attributes that a meter stores, some of them twice.
func storedFormat(r *rand.Rand) *ruleset.Format {
	f := &ruleset.Format{}
	for i := range attributes {
		a := attributes[i].Attr
		_, own := ownNumbers[a]
		if a.IsDistribution() || a.Class() == mib.ClassCounter && !own || r.IntN(4) == 0 {
			continue
		}
		f.Attrs = append(f.Attrs, a)
		if r.IntN(5) == 0 {
			f.Attrs = append(f.Attrs, a)
		}
	}
	r.Shuffle(len(f.Attrs), func(i, j int) { f.Attrs[i], f.Attrs[j] = f.Attrs[j], f.Attrs[i] })
	return f
}

func randomFlow(r *rand.Rand, places *mib.Places) *reader.Stored {
	f := &reader.Stored{RuleSet: 2, Index: r.Uint32(), Octets: make([]byte, 60), Places: places, Baseline: r.IntN(5) == 0}
	for i := range f.Octets {
		f.Octets[i] = byte(r.IntN(256) >> r.IntN(9))
	}
	for i := range f.Numbers {
		f.Numbers[i] = r.Uint64() >> r.IntN(64)
	}
	f.Numbers[mib.StoredIndex], f.Numbers[mib.StoredRuleSet] = uint64(f.Index), 2
	for _, at := range []mib.StoredNumber{mib.StoredFirstTime, mib.StoredLastActive} {
		f.Numbers[at] = []uint64{0, 1, 6000, cells.LongestUptime, cells.LongestUptime + 1, 1<<64 - 1, uint64(r.IntN(1e6))}[r.IntN(7)]
	}
	return f
}

type allNames struct{}

func (allNames) Has(a mib.Attr) bool { return a%3 == 0 }
func (allNames) Name(a mib.Attr, n uint64) string {
	if n%2 == 0 {
		return ""
	}
	return fmt.Sprintf("%s %d, \"named\"", a, n)
}

// TestStored: the row of a flow as a meter's table has it is that of its record.
func TestStored(t *testing.T) {
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 1))
		task := &reader.Task{RuleSet: 2, Name: "any", Format: storedFormat(r)}
		if r.IntN(2) == 0 {
			task.Names = allNames{}
		}
		widths := map[mib.Attr]int{}
		for _, a := range task.Format.Attrs {
			if a.Is(mib.UseSave) && r.IntN(8) > 0 {
				widths[a] = a.Size() * 8
			}
		}
		if r.IntN(2) == 0 {
			task.Saved = rules(widths).Saved()
		}
		iv := &reader.Interval{Number: 3, Meter: "m", Amounts: r.IntN(3) > 0}
		if r.IntN(4) > 0 {
			iv.SetStart(start)
		}
		l := NewLayout(iv, task, Names(r.IntN(3)))
		row := l.NewRow("begin ", " end\n")
		for i := range l.Cells {
			d := Dress{Before: []string{"", ",", ", a long text before it: "}[r.IntN(3)], After: []string{"", ">"}[r.IntN(2)], Null: "none"}
			d.Escape = func(b []byte, from int) []byte { return append(append(b[:from:from], '\\'), b[from:]...) }
			row.Add(&l.Cells[i], d)
		}
		row.Add(nil, Dress{Before: "?", Null: "-"})
		var places []*mib.Places
		for n := range 4 {
			places = append(places, randomPlaces(r, n, task.Format.Attrs))
		}
		for n := range 200 {
			f := randomFlow(r, places[r.IntN(4)])
			var rec reader.Record
			rec.Fill(f)
			rec.Baseline = f.Baseline
			rec.Amounts = make([]uint64, len(rec.Values))
			for i := range rec.Amounts {
				if p := &f.Places.List[i]; p.In == mib.InNumbers && task.Format.Attrs[i].Class() == mib.ClassCounter {
					rec.Amounts[i] = f.Numbers[mib.StoredAmounts+mib.StoredNumber(p.At)-mib.StoredToOctets]
				}
			}
			want, got := string(row.Append([]byte("x"), &rec)), string(row.AppendStored([]byte("x"), f))
			if got != want {
				t.Fatalf("seed %d, flow %d of %+v:\n%s\nof its record:\n%s", seed, n, f, got, want)
			}
		}
	}
}

// TestStoredDoesNotAllocate: nor does a row of such a flow cost memory.
func TestStoredDoesNotAllocate(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	task := &reader.Task{RuleSet: 2, Format: storedFormat(r)}
	iv := &reader.Interval{Amounts: true}
	iv.SetStart(start)
	l := NewLayout(iv, task, RTFM)
	row := l.NewRow("", "\n")
	for i := range l.Cells {
		row.Add(&l.Cells[i], Dress{Before: ",", Null: ","})
	}
	var flows []*reader.Stored
	places := randomPlaces(r, 0, task.Format.Attrs)
	for range 50 {
		flows = append(flows, randomFlow(r, places))
	}
	b := make([]byte, 0, 1<<20)
	write := func() {
		for _, f := range flows {
			b = row.AppendStored(b[:0], f)
		}
	}
	write()
	if n := testing.AllocsPerRun(20, write); n > 0 {
		t.Errorf("%v allocations for %d flows", n, len(flows))
	}
}
