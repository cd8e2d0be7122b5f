package query

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"netramet/mib"
	"netramet/reader"
	"netramet/reader/flowfile"
	"netramet/ruleset"
	"netramet/ruleset/srl"
)

// world is a meter that is read into files, with all that has happened known: flows
// that come and go, whose indices others get, restarts, blocks that were not finished,
// and blocks that are there twice.
type world struct {
	rnd    *rand.Rand
	format *ruleset.Format

	start  time.Time // of the meter's run
	uptime uint64
	from   uint64
	flows  []*worldFlow
	number uint64

	files  []*bytes.Buffer
	w      *flowfile.Writer
	events []event
	twice  []byte // a block that has been written
}

// worldFlow is a flow of the meter.
type worldFlow struct {
	index, first uint64
	src, dst     netip.Addr
	proto        uint64
	port         uint16
	kind         uint64
	counts       [4]uint64
	last         uint64
}

// event is what a flow counted between two collections.
type event struct {
	worldFlow
	added      [4]uint64
	begin, end time.Time
}

var worldCounters = [4]mib.Attr{mib.AttrToPDUs, mib.AttrFromPDUs, mib.AttrToOctets, mib.AttrFromOctets}

func worldFormat(t testing.TB, text string) *ruleset.Format {
	t.Helper()
	f, err := ruleset.ParseFormatLine(text)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

var worldFormats = []string{
	"flowruleset flowindex firsttime  sourcepeertype sourcepeeraddress destpeeraddress  sourcetranstype desttransaddress flowkind  topdus frompdus  tooctets fromoctets",
	"topdus frompdus tooctets fromoctets, flowkind desttransaddress sourcetranstype > sourcepeeraddress-destpeeraddress lastactivetime flowindex firsttime",
	"firsttime sourcepeeraddress destpeeraddress sourcetranstype desttransaddress flowkind  topdus frompdus  tooctets fromoctets lastactivetime",
}

// worldStart is at a full minute.
var worldStart = time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)

func newWorld(t testing.TB, rnd *rand.Rand) *world {
	w := &world{rnd: rnd, format: worldFormat(t, worldFormats[rnd.IntN(len(worldFormats))]), start: worldStart, uptime: 1}
	w.rotate()
	return w
}

// rotate goes on in a new file.
func (w *world) rotate() {
	w.files = append(w.files, new(bytes.Buffer))
	w.newWriter()
}

func (w *world) newWriter() {
	h := flowfile.Header{Version: "1", Meter: "gw", Octets: flowfile.OctetsFrame, Zone: flowfile.ZoneUTC, Start: w.start}
	w.w = flowfile.NewWriter(w.files[len(w.files)-1], h)
}

// restart begins another run of the meter.
func (w *world) restart() {
	at := w.now().Add(time.Minute)
	w.start, w.uptime, w.from, w.flows, w.number = at, 1, 0, nil, 0
	w.newWriter() // its header says so
}

// now is the time of the uptime: that of uptime 1 is start.
func (w *world) now() time.Time {
	return w.start.Add(time.Duration(w.uptime-1) * 10 * time.Millisecond)
}

// minute lets a minute pass, and collects.
func (w *world) minute(t testing.TB) {
	begin := w.now()
	before := map[*worldFlow][4]uint64{}
	for _, f := range w.flows {
		before[f] = f.counts
	}
	w.traffic()
	w.uptime += 6000
	w.number++
	iv := reader.Interval{Number: w.number, Time: w.now(), From: max(w.from, 1), To: w.uptime}
	for _, f := range w.flows {
		e := event{worldFlow: *f, begin: begin, end: w.now()}
		for i := range e.added {
			e.added[i] = f.counts[i] - before[f][i]
		}
		w.events = append(w.events, e)
	}
	if w.rnd.IntN(5) == 0 { // one that was not finished
		w.put(t, iv, w.rnd.IntN(len(w.flows)+1), false)
	}
	at := w.files[len(w.files)-1].Len()
	w.put(t, iv, len(w.flows), true)
	if w.rnd.IntN(6) == 0 {
		text := w.files[len(w.files)-1].Bytes()
		block := text[at:]
		if i := bytes.LastIndex(text, []byte("##NeTraMet")); i < at { // its header does not stand in it
			line, _, _ := bytes.Cut(text[i:], []byte("\n"))
			block = slices.Concat(line, []byte("\n#Format: "+w.format.Line()+"\n"), block)
		}
		w.twice = bytes.Clone(block)
	}
	w.from = w.uptime - 1
	kept := w.flows[:0]
	for _, f := range w.flows {
		if w.rnd.IntN(4) > 0 {
			kept = append(kept, f)
		}
	}
	w.flows = kept
}

// traffic has flows begin and count.
func (w *world) traffic() {
	used := map[uint64]bool{}
	for _, f := range w.flows {
		used[f.index] = true
	}
	hosts := []string{"10.0.0.1", "10.0.0.2", "10.0.1.1", "192.0.2.9", "2001:db8::1", "2001:db8:1::2"}
	for range w.rnd.IntN(12) {
		f := &worldFlow{
			index: 1, first: w.uptime + w.rnd.Uint64N(5000) + 2, proto: []uint64{6, 17}[w.rnd.IntN(2)],
			src: netip.MustParseAddr(hosts[w.rnd.IntN(len(hosts))]), dst: netip.MustParseAddr(hosts[w.rnd.IntN(len(hosts))]),
			port: []uint16{53, 80, 443, 50000}[w.rnd.IntN(4)], kind: w.rnd.Uint64N(2) * 'W',
		}
		for used[f.index] {
			f.index++
		}
		used[f.index] = true
		same := func(g *worldFlow) bool { return f.first == g.first }
		for i := 0; i < len(w.flows); i++ {
			if same(w.flows[i]) { // so that values and FirstTime name flows, too
				f.first++
				i = -1
			}
		}
		w.flows = append(w.flows, f)
	}
	for _, f := range w.flows {
		f.last = max(f.first, w.uptime+w.rnd.Uint64N(6000))
		for i := range f.counts {
			f.counts[i] += w.rnd.Uint64N([]uint64{1, 10, 1e6, 1 << 40}[w.rnd.IntN(4)])
		}
	}
}

// put writes a block, or a part of it.
func (w *world) put(t testing.TB, iv reader.Interval, n int, whole bool) {
	buf := w.files[len(w.files)-1]
	if err := w.w.Begin(iv, []reader.Task{{RuleSet: 2, Name: "all", Format: w.format}}); err != nil {
		t.Fatal(err)
	}
	for _, f := range w.flows[:n] {
		rec := f.record(w.format)
		if err := w.w.Record(&rec); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.w.End(); err != nil {
		t.Fatal(err)
	}
	if !whole {
		text := buf.Bytes()
		buf.Truncate(bytes.LastIndex(text, []byte("#EndData")))
	}
}

// record is the flow as a reader has it.
func (f *worldFlow) record(format *ruleset.Format) (rec reader.Record) {
	rec.Clear(len(format.Attrs))
	rec.RuleSet, rec.Index, rec.FirstTime = 2, uint32(f.index), f.first
	for i, a := range format.Attrs {
		rec.Values[i] = f.value(a)
	}
	return rec
}

func (f *worldFlow) value(a mib.Attr) (v reader.Value) {
	for i, c := range worldCounters {
		if c == a {
			v.Num = f.counts[i]
		}
	}
	octets := func(b []byte) { v.Len = uint8(copy(v.Octets[:], b)) }
	switch a {
	case mib.AttrFlowRuleSet:
		v.Num = 2
	case mib.AttrFlowIndex:
		v.Num = f.index
	case mib.AttrFirstTime:
		v.Num = f.first
	case mib.AttrLastActiveTime:
		v.Num = f.last
	case mib.AttrSourcePeerType:
		v.Num = map[bool]uint64{true: 1, false: 2}[f.src.Is4()]
	case mib.AttrSourcePeerAddress:
		octets(f.src.AsSlice())
	case mib.AttrDestPeerAddress:
		octets(f.dst.AsSlice())
	case mib.AttrSourceTransType:
		v.Num = f.proto
	case mib.AttrDestTransAddress:
		octets([]byte{byte(f.port >> 8), byte(f.port)})
	case mib.AttrFlowKind:
		v.Num = f.kind
	}
	return v
}

// write puts the files onto disk, in any order, and some of a file's blocks into one
// more.
func (w *world) write(t testing.TB) (names []string) {
	dir := t.TempDir()
	w.files = slices.DeleteFunc(w.files, func(b *bytes.Buffer) bool { return b.Len() == 0 })
	for i, f := range w.files {
		names = append(names, filepath.Join(dir, fmt.Sprintf("%d.flows", i)))
		if err := os.WriteFile(names[i], f.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if w.twice != nil {
		names = append(names, filepath.Join(dir, "twice.flows"))
		if err := os.WriteFile(names[len(names)-1], w.twice, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	w.rnd.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	return names
}

// taker takes an answer: sums by what rows show of keys, and the times of intervals.
type taker struct {
	format *ruleset.Format
	timed  bool // keys begin with the interval's begin
	iv     reader.Interval
	rows   map[string][4]uint64
	sum    [4]uint64
	ivs    []reader.Interval
	order  []string
}

func (s *taker) Begin(iv reader.Interval, tasks []reader.Task) error {
	if s.rows == nil {
		s.rows = map[string][4]uint64{}
	}
	s.iv, s.format, s.ivs = iv, tasks[0].Format, append(s.ivs, iv)
	return nil
}

func (s *taker) Record(rec *reader.Record) error {
	key := ""
	if s.timed {
		key = s.iv.Begin.Format(time.TimeOnly) + " "
	}
	var n [4]uint64
	for i, a := range s.format.Attrs {
		v := &rec.Values[i]
		counter := false
		for j, c := range worldCounters {
			if a == c {
				n[j], counter = v.Num, true
				if rec.Amounts[i] != v.Num {
					return fmt.Errorf("amount %d of %d", rec.Amounts[i], v.Num)
				}
			}
		}
		if !counter && a.Class() != mib.ClassMask && a.Class() != mib.ClassTime {
			key += shownValue(v) + " "
		}
	}
	old := s.rows[key]
	for i := range n {
		old[i] += n[i]
		s.sum[i] += n[i]
	}
	s.rows[key] = old
	s.order = append(s.order, key)
	return nil
}

func shownValue(v *reader.Value) string {
	if v.Len == 4 || v.Len == 16 {
		a, _ := netip.AddrFromSlice(v.Octets[:v.Len])
		return a.String()
	}
	return fmt.Sprint(v.Num, v.Octets[:v.Len])
}

func (s *taker) End() error   { return nil }
func (s *taker) Abort() error { return nil }

// worldConditions are conditions, and the same in Go.
var worldConditions = []struct {
	text  string
	holds func(*event) bool
}{
	{"", func(*event) bool { return true }},
	{"SourcePeerAddress == 10.0/16", func(e *event) bool { return netip.MustParsePrefix("10.0.0.0/16").Contains(e.src) }},
	{"DestPeerAddress == (2001:db8::1, 192.0.2/24) || DestTransAddress == www", func(e *event) bool {
		return e.dst == netip.MustParseAddr("2001:db8::1") || netip.MustParsePrefix("192.0.2.0/24").Contains(e.dst) || e.port == 80
	}},
	{"!(SourceTransType == TCP && DestTransAddress != 443)", func(e *event) bool { return !(e.proto == 6 && e.port != 443) }},
	{"ToOctets > 1000 && DestTransAddress < 1024", func(e *event) bool { return e.added[2] > 1000 && e.port < 1024 }},
	{"FlowKind == 'W' || to_pdus <= 5 && source_trans_type == 17", func(e *event) bool { return e.kind == 'W' || e.added[0] <= 5 && e.proto == 17 }},
	{"!(FromOctets >= 10 || FlowKind == 0) && FromPDUs != 7", func(e *event) bool { return !(e.added[3] >= 10 || e.kind == 0) && e.added[1] != 7 }},
}

var worldGroups = []struct {
	text string
	key  func(*event) string
}{
	{"", func(*event) string { return "" }},
	{"SourcePeerAddress/24", func(e *event) string {
		p, _ := e.src.Prefix(24)
		return p.Addr().String() + " "
	}},
	{"DestTransAddress, FlowKind", func(e *event) string {
		return fmt.Sprint(0, []byte{byte(e.port >> 8), byte(e.port)}) + " " + fmt.Sprint(e.kind, []byte{}) + " "
	}},
	{"dest_peer_address & 255.255.255.255, DestTransAddress/8", func(e *event) string {
		p, _ := e.dst.Prefix(32)
		return p.Addr().String() + " " + fmt.Sprint(0, []byte{byte(e.port >> 8), 0}) + " "
	}},
}

// TestProperty asks random files of a world whose traffic is known.
func TestProperty(t *testing.T) {
	n := 150
	if testing.Short() {
		n = 40
	}
	for seed := range uint64(n) {
		property(t, seed)
	}
}

func FuzzProperty(f *testing.F) {
	f.Add(uint64(1))
	f.Fuzz(func(t *testing.T, seed uint64) { property(t, seed) })
}

func property(t *testing.T, seed uint64) {
	t.Helper()
	rnd := rand.New(rand.NewPCG(seed, 7))
	w := newWorld(t, rnd)
	for range 1 + rnd.IntN(12) {
		switch rnd.IntN(8) {
		case 0:
			w.rotate()
		case 1:
			w.restart()
		}
		w.minute(t)
	}
	files := w.write(t)
	cond, group := worldConditions[rnd.IntN(len(worldConditions))], worldGroups[rnd.IntN(len(worldGroups))]
	every := []time.Duration{0, time.Minute, 2 * time.Minute, time.Hour, 7 * time.Second}[rnd.IntN(5)]
	flows := group.text == "" && every == 0 // rows are flows: their sums alone are known
	q := Query{Files: files, Every: every, Workers: 1 + rnd.IntN(3)}
	var err error
	if cond.text != "" {
		if q.Where, _, err = srl.ParseCondition("where", cond.text); err != nil {
			t.Fatal(err)
		}
	}
	if group.text != "" {
		if q.By, err = srl.ParseGroups("by", group.text); err != nil {
			t.Fatal(err)
		}
	}
	want, sum := map[string][4]uint64{}, [4]uint64{}
	aligned := every%time.Minute == 0
	for _, e := range w.events {
		if !cond.holds(&e) || e.added == [4]uint64{} {
			continue
		}
		key := group.key(&e)
		if every != 0 {
			key = e.begin.Truncate(every).Format(time.TimeOnly) + " " + key
		}
		total := want[key]
		for i, n := range e.added {
			total[i] += n
			sum[i] += n
		}
		want[key] = total
	}
	got := taker{timed: every != 0}
	r, err := Run(context.Background(), &q, &got)
	if err != nil {
		t.Fatalf("seed %d: %v", seed, err)
	}
	if got.sum != sum {
		t.Errorf("seed %d: %s by %q every %v: sum %v, want %v; %v", seed, cond.text, group.text, every, got.sum, sum, r.Notes)
	}
	if !aligned || flows {
		return
	}
	rows := map[string][4]uint64{}
	for k, n := range got.rows {
		if n != [4]uint64{} {
			rows[k] = n
		}
	}
	if d := cmp.Diff(want, rows); d != "" {
		t.Errorf("seed %d: %s by %q every %v (-want +got)\n%s\n%v", seed, cond.text, group.text, every, d, r.Notes)
	}
}
