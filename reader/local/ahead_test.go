package local

import (
	"fmt"
	"io"
	"slices"
	"testing"

	"netramet/meter"
	"netramet/meter/control"
	"netramet/mib"
	"netramet/reader"
	"netramet/ruleset"
	"netramet/ruleset/srl"
	"netramet/sources/sourcetest"
	"netramet/sources/wire"
)

// shapes saves other attributes for each of four kinds of packets: by peer type
// and port.
const shapes = `save DestAdjacentAddress;
	if SourcePeerType == IPv6 save;
	if DestTransAddress == 53 save, { save SourcePeerAddress/24; save FlowKind = 7; save SourceInterface; }
	else { save SourceTransAddress; save DestPeerAddress; save SourceTransType; save SourcePeerType; save DSCodePoint; }
	count;`

// TestNextReadsWhatAttrSays: each attribute of each flow, of rule sets whose flows
// are unlike each other, is what State.Attr gives, however many flows are read at
// a time.
func TestNextReadsWhatAttrSays(t *testing.T) {
	m := control.New(meter.Config{}, control.Config{})
	format := &ruleset.Format{}
	for a := range 256 {
		if a := mib.Attr(a); a.Is(mib.UseRead) {
			format.Attrs = append(format.Attrs, a)
		}
	}
	var tasks []reader.Task
	for number, text := range map[int]string{2: shapes, 3: "save SourceTransAddress; save DestTransAddress; save SourcePeerType; count;", 7: "ignore;"} {
		rs, diags, err := srl.Compile("test.srl", []byte(`include "standard.srl"; `+text), srl.Options{Optimise: -1})
		if err != nil {
			t.Fatal(err, diags)
		}
		rs.Number = number
		if err := m.Change(func(c *control.Change) error { return c.Run(rs) }); err != nil {
			t.Fatal(err)
		}
		tasks = append(tasks, reader.Task{RuleSet: number, Format: format})
	}
	slices.SortFunc(tasks, func(a, b reader.Task) int { return a.RuleSet - b.RuleSet })
	for n := range 3 * together {
		var ip sourcetest.Part = sourcetest.IPv4{Src: fmt.Sprint("10.1.", n, ".1"), Dst: "10.2.0.1"}
		if n%3 == 0 {
			ip = sourcetest.IPv6{Src: fmt.Sprintf("2001:%x::1", n<<8), Dst: "2001:db8::1:1"}
		}
		f := sourcetest.Frame(t, sourcetest.Ether("", ""), ip, sourcetest.UDP{Src: uint16(1000 + n), Dst: uint16(53 + n%2)})
		m.Feed(&wire.Batch{Frames: []wire.Frame{f}})
	}

	flows := New(m, "lab")
	if _, err := flows.Begin(t.Context(), tasks); err != nil {
		t.Fatal(err)
	}
	var rec reader.Record
	seen := map[int]int{}
	for flows.Next(t.Context(), &rec) == nil {
		seen[rec.RuleSet]++
		m.View(func(s *control.State) {
			var f meter.Flow
			var v meter.Value
			if !s.Flow(rec.Index, &f) || f.RuleSet != rec.RuleSet || uint64(f.FirstTime) != rec.FirstTime || s.PeerType(&f) != rec.PeerType {
				t.Fatalf("flow %d of rule set %d: %+v", rec.Index, rec.RuleSet, rec)
			}
			for i, a := range format.Attrs {
				s.Attr(&f, a, &v)
				if got := &rec.Values[i]; got.Num != v.Num || !slices.Equal(got.Octets[:got.Len], v.Octets) {
					t.Errorf("flow %d of rule set %d: %s is %d %x, not %d %x", rec.Index, rec.RuleSet, a, got.Num, got.Octets[:got.Len], v.Num, v.Octets)
				}
			}
		})
	}
	if seen[2] != 3*together || seen[3] != 3*together || seen[7] != 0 {
		t.Errorf("records by rule set: %v", seen)
	}
	if err := flows.Next(t.Context(), &rec); err != io.EOF {
		t.Errorf("behind the last flow: %v", err)
	}
}
