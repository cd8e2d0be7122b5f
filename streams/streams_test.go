package streams

import (
	"cmp"
	"reflect"
	"slices"
	"testing"
	"unsafe"

	"netramet/internal/slab/slabtest"
	"netramet/meter/packet"
	"netramet/mib"

	"pgregory.net/rapid"
)

func pkt(src, dst byte, sport, dport uint16) *packet.Packet {
	p := &packet.Packet{PeerType: mib.PeerIPv4, PeerLen: 4, TransType: 6, Flags: packet.IsStream | packet.HasPorts}
	p.PeerAddress[0] = [packet.MaxPeer]byte{10, 0, 0, src}
	p.PeerAddress[1] = [packet.MaxPeer]byte{10, 0, 0, dst}
	p.TransAddress = [2]uint16{sport, dport}
	return p
}

func reversed(p *packet.Packet) *packet.Packet {
	q := *p
	q.PeerAddress[0], q.PeerAddress[1] = p.PeerAddress[1], p.PeerAddress[0]
	q.TransAddress[0], q.TransAddress[1] = p.TransAddress[1], p.TransAddress[0]
	return &q
}

func TestRecordSizes(t *testing.T) {
	if n := unsafe.Sizeof(record{}); n != 64 || recordSize != 64 {
		t.Errorf("record is %d octets, want one cache line", n)
	}
	if n := unsafe.Sizeof(cold{}); n != coldSize {
		t.Errorf("cold is %d octets, want %d", n, coldSize)
	}
	if n := unsafe.Sizeof(life{}); n != lifeSize || lifeSize != 64 {
		t.Errorf("life is %d octets, want one cache line", n)
	}
	if n := unsafe.Sizeof(block{}); n != blockSize {
		t.Errorf("block is %d octets, want %d", n, blockSize)
	}
}

// TestSlabTypesArePlain: the garbage collector never looks into the table.
func TestSlabTypesArePlain(t *testing.T) {
	for _, typ := range []reflect.Type{reflect.TypeFor[record](), reflect.TypeFor[cold](), reflect.TypeFor[life](), reflect.TypeFor[block]()} {
		if !slabtest.Plain(typ) {
			t.Errorf("%v holds pointers", typ)
		}
	}
}

func TestBothDirectionsAreOneStream(t *testing.T) {
	tab := New(Config{})
	rapid.Check(t, func(t *rapid.T) {
		octet := rapid.ByteRange(0, 3)
		port := rapid.Uint16Range(0, 2)
		p := pkt(octet.Draw(t, "src"), octet.Draw(t, "dst"), port.Draw(t, "sport"), port.Draw(t, "dport"))
		var k, r Key
		tab.KeyOf(p, &k)
		tab.KeyOf(reversed(p), &r)
		if k.words != r.words || k.hash != r.hash {
			t.Fatalf("keys differ: %x and %x", k.words, r.words)
		}
		same := p.PeerAddress[0] == p.PeerAddress[1] && p.TransAddress[0] == p.TransAddress[1]
		if same != (k.Dir == r.Dir) {
			t.Fatalf("directions %d and %d of %+v", k.Dir, r.Dir, p)
		}
	})
}

// TestKeysDiffer checks that everything the key names is in it.
func TestKeysDiffer(t *testing.T) {
	base := pkt(1, 2, 3, 4)
	change := map[string]func(*packet.Packet){
		"source address": func(p *packet.Packet) { p.PeerAddress[0][3]++ },
		"dest address":   func(p *packet.Packet) { p.PeerAddress[1][15]++ },
		"source port":    func(p *packet.Packet) { p.TransAddress[0]++ },
		"dest port":      func(p *packet.Packet) { p.TransAddress[1] = 1 },
		"ports swapped":  func(p *packet.Packet) { p.TransAddress = [2]uint16{4, 3} },
		"transport":      func(p *packet.Packet) { p.TransType = 17 },
		"query":          func(p *packet.Packet) { p.TransAddress, p.QueryID = [2]uint16{}, 9 },
		"family":         func(p *packet.Packet) { p.PeerType = mib.PeerIPv6 },
	}
	var want, got Key
	want.set(base)
	for name, f := range change {
		p := *base
		f(&p)
		got.set(&p)
		if got.words == want.words {
			t.Errorf("%s is not in the key", name)
		}
	}
}

func add(t *testing.T, tab *Table, p *packet.Packet, now packet.Uptime) (ID, bool) {
	t.Helper()
	id, isNew := find(tab, p)
	tab.Note(id, &Seen{Uptime: now})
	return id, isNew
}

func find(tab *Table, p *packet.Packet) (ID, bool) {
	keys, ids := make([]Key, 1), make([]ID, 1)
	tab.KeyOf(p, &keys[0])
	fresh := tab.Find(keys, []uint16{0}, ids, nil)
	return ids[0], len(fresh) > 0
}

func sweep(tab *Table, now packet.Uptime) {
	for !tab.Sweep(now) {
	}
}

// TestSweepInPieces: however many streams are due, one call looks at some
// thousand, and all calls together at each of them once.
func TestSweepInPieces(t *testing.T) {
	const n, most = 20_000, sweepBlocks * len(block{}.slots)
	tab := New(Config{})
	for i := range n {
		add(t, tab, pkt(1, 2, uint16(i), 4), 1)
		if i%2 == 0 {
			add(t, tab, pkt(1, 2, uint16(i), 4), 400) // goes on until 900
		}
	}
	for _, step := range []struct {
		now  packet.Uptime
		left uint64
	}{{510, n / 2}, {5000, 0}} {
		calls := 1
		for before := tab.Stats(); ; calls++ {
			done := tab.Sweep(step.now)
			s := tab.Stats()
			if ended := s.Ended[ReasonTimeout] - before.Ended[ReasonTimeout]; ended > uint64(most) {
				t.Fatalf("one call ends %d streams", ended)
			}
			if before = s; done {
				break
			}
		}
		if s := tab.Stats(); s.Live != step.left || calls < 3 || calls > n/most+2 {
			t.Errorf("at %d: %+v after %d calls", step.now, s, calls)
		}
	}
	keys, which, ids, fresh := make([]Key, 1), []uint16{0}, make([]ID, 1), make([]ID, 0, 1)
	if n := testing.AllocsPerRun(1, func() {
		for i := range uint16(n / 2) {
			tab.KeyOf(pkt(1, 2, i, 4), &keys[0])
			tab.Find(keys, which, ids, fresh)
			tab.Note(ids[0], &Seen{Uptime: 5001})
		}
	}); n != 0 {
		t.Errorf("%v allocations for streams in slots that were freed", n)
	}
}

func TestTimeouts(t *testing.T) {
	tests := []struct {
		name    string
		packets []packet.Uptime // uptimes
		ends    packet.Uptime   // first tick at which the stream is gone
	}{
		{"one packet: the minimum", []packet.Uptime{100}, 600},
		{"one packet between ticks", []packet.Uptime{103}, 610},
		{"fast stream: the minimum", []packet.Uptime{100, 110, 120}, 620},
		// mean 490/2 = 245: gone when idle > 4900.
		{"slow stream: twenty intervals", []packet.Uptime{100, 590}, 5500},
		// mean 30000/4 = 7500: gone when idle > 150000, rounds of the wheel later.
		{"beyond the wheel", []packet.Uptime{0, 400, 4000, 30000}, 180010},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tab := New(Config{})
			for _, at := range tt.packets {
				sweep(tab, at)
				if _, isNew := add(t, tab, pkt(1, 2, 3, 4), at); isNew != (at == tt.packets[0]) {
					t.Fatalf("packet at %d: new = %v", at, isNew)
				}
			}
			for now := tt.packets[len(tt.packets)-1]; ; now += tickCs {
				now = now / tickCs * tickCs
				sweep(tab, now)
				if gone := tab.Stats().Live == 0; gone != (now >= tt.ends) {
					t.Fatalf("at %d gone = %v, want it to end at %d", now, gone, tt.ends)
				} else if gone {
					break
				}
			}
			if s := tab.Stats(); s.Ended[ReasonTimeout] != 1 || s.Created != 1 {
				t.Errorf("stats %+v", s)
			}
		})
	}
}

// TestJump asserts that a jump of years ends every stream in one call.
func TestJump(t *testing.T) {
	tab := New(Config{})
	for i := range 200 {
		add(t, tab, pkt(1, 2, uint16(i), 4), packet.Uptime(i))
	}
	sweep(tab, 1<<35)
	if s := tab.Stats(); s.Live != 0 || s.Ended[ReasonTimeout] != 200 {
		t.Errorf("stats %+v", s)
	}
	if _, isNew := add(t, tab, pkt(1, 2, 3, 4), 1<<35); !isNew {
		t.Error("stream lived through 100 years")
	}
}

// TestBound holds Bound against sorting all streams, in one table and in three.
func TestBound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const lanes = 3
		one, three := NewLanes(Config{}, 1), NewLanes(Config{}, lanes)
		type stream struct {
			key  Key
			last packet.Uptime
		}
		var all []stream
		now := packet.Uptime(1)
		for i := range rapid.IntRange(1, 60).Draw(t, "streams") {
			s := stream{last: now}
			one[0].KeyOf(pkt(1, 2, uint16(i), 4), &s.key)
			for _, tables := range [][]*Table{one, three} {
				var k Key
				tables[0].KeyOf(pkt(1, 2, uint16(i), 4), &k)
				tab, ids := tables[k.Lane(len(tables))], make([]ID, 1)
				tab.Find([]Key{k}, []uint16{0}, ids, nil)
				tab.Note(ids[0], &Seen{Uptime: now})
			}
			all = append(all, s)
			now += packet.Uptime(rapid.Int64Range(0, 2).Draw(t, "step"))
		}
		most := rapid.IntRange(1, 70).Draw(t, "most")
		left := len(all)
		if left > most {
			left = most - most/keepShare
			slices.SortFunc(all, func(a, b stream) int {
				return cmp.Or(cmp.Compare(b.last, a.last), slices.Compare(b.key.words[:], a.key.words[:]))
			})
		}
		for _, tables := range [][]*Table{one, three} {
			Bound(tables, most, now)
			var sum Stats
			have := map[[5]uint64]bool{}
			for _, tab := range tables {
				sum.Add(tab.Stats())
				for slot := range tab.hot.Len() {
					if r := tab.hot.At(slot); r.seen != 0 {
						have[r.key] = true
					}
				}
			}
			if sum.Live != uint64(left) || sum.Ended[ReasonEvicted] != uint64(len(all)-left) || len(have) != left {
				t.Fatalf("%+v, %d seen, want %d of %d", sum, len(have), left, len(all))
			}
			for _, s := range all[:left] {
				if !have[s.key.words] {
					t.Fatalf("the stream of %d is gone; %d of %d are left at %d", s.last, left, len(all), now)
				}
			}
			// The wheel knows all that are left, and no others.
			for _, tab := range tables {
				sweep(tab, now+10_000)
				if s := tab.Stats(); s.Live != 0 {
					t.Fatalf("%+v in the end", s)
				}
			}
		}
	})
}

func TestAttachedStartsAtZero(t *testing.T) {
	tab := New(Config{})
	id, _ := add(t, tab, pkt(1, 2, 3, 4), 1)
	*tab.Attached(id) = [2]uint64{7, 8}
	sweep(tab, 1000)
	id, isNew := add(t, tab, pkt(1, 2, 3, 4), 1000)
	if !isNew || *tab.Attached(id) != [2]uint64{} {
		t.Errorf("new = %v, attached = %v", isNew, *tab.Attached(id))
	}
	*tab.Attached(id) = [2]uint64{7, 8}
	tab.ForgetAttached()
	if *tab.Attached(id) != [2]uint64{} {
		t.Errorf("attached = %v after ForgetAttached", *tab.Attached(id))
	}
}

// TestPDUCountBeyondItsField counts past the 20 bits of the record.
func TestPDUCountBeyondItsField(t *testing.T) {
	tab := New(Config{})
	id, _ := add(t, tab, pkt(1, 2, 3, 4), 0)
	const more = pdusMask + 9
	for range more {
		tab.Note(id, &Seen{Uptime: 1 << 34})
	}
	// The mean interval is what the exact number of packets makes it.
	if got, want := tab.due(tab.hot.At(uint32(id)), tab.cold.At(uint32(id))), packet.Uptime(1<<34+20*(1<<34)/(more+1)+1); got != want {
		t.Errorf("due at %d, want %d", got, want)
	}
}

func TestNoAllocs(t *testing.T) {
	tab := New(Config{})
	p := pkt(1, 2, 3, 4)
	add(t, tab, p, 1)
	keys, which, ids := make([]Key, 1), []uint16{0}, make([]ID, 1)
	if n := testing.AllocsPerRun(1000, func() {
		tab.KeyOf(p, &keys[0])
		tab.Find(keys, which, ids, nil)
		tab.Note(ids[0], &Seen{Uptime: 2})
	}); n != 0 {
		t.Errorf("%v allocations a packet", n)
	}
}

// FuzzSweep holds the wheel against a plain scan of all streams.
func FuzzSweep(f *testing.F) {
	f.Add([]byte{1, 2, 3, 200, 1, 250, 250, 250, 2})
	f.Add([]byte("\x10\x80\x10\xa700\xf4"))
	f.Fuzz(func(t *testing.T, script []byte) {
		type plain struct{ first, last, pdus int64 }
		tab := New(Config{})
		want := map[byte]*plain{}
		var now packet.Uptime = 1
		for _, b := range script {
			if b >= 128 { // time goes by: 1 cs .. a day
				now += 1 << (b & 15) * packet.Uptime(b>>4&7+1)
				now = (now + tickCs - 1) / tickCs * tickCs // time never goes back
				sweep(tab, now)
				for k, s := range want {
					if idle := int64(now) - s.last; idle >= 500 && idle*s.pdus > 20*(s.last-s.first) && idle > 20*(s.last-s.first)/s.pdus {
						delete(want, k)
					}
				}
				if int(tab.Stats().Live) != len(want) {
					t.Fatalf("at %d: %d streams, want %d", now, tab.Stats().Live, len(want))
				}
				continue
			}
			_, isNew := add(t, tab, pkt(b, 200, 1, 2), now)
			s := want[b]
			if isNew != (s == nil) {
				t.Fatalf("at %d: stream %d new = %v", now, b, isNew)
			}
			if s == nil {
				s = &plain{first: int64(now)}
				want[b] = s
			}
			s.last, s.pdus = int64(now), s.pdus+1
		}
	})
}

// TestRoundOfPackets: packets of one round that belong to one new stream find
// one stream, and those that belong to none find none.
func TestRoundOfPackets(t *testing.T) {
	tab := New(Config{})
	keys := make([]Key, 4)
	for i, p := range []*packet.Packet{pkt(1, 2, 3, 4), pkt(9, 9, 9, 9), nil, reversed(pkt(1, 2, 3, 4))} {
		if p != nil {
			tab.KeyOf(p, &keys[i])
		}
	}
	ids, which := make([]ID, 3), []uint16{0, 2, 3}
	tab.approach(keys, which) // large tables are read ahead, which finds nothing in an empty one
	fresh := tab.Find(keys, which, ids, nil)
	tab.approach(keys, which)
	if len(fresh) != 1 || ids[0] != fresh[0] || ids[1] != NoStream || ids[2] != ids[0] {
		t.Errorf("streams %v, new %v", ids, fresh)
	}
	if s := tab.Stats(); s.Created != 1 || s.Live != 1 {
		t.Errorf("%+v", s)
	}
}

// TestLanesShareKeys: every lane's table has its share of the streams, the last
// one a smaller one, and both directions are in one.
func TestLanesShareKeys(t *testing.T) {
	const lanes, n = 3, 3000
	tables := NewLanes(Config{}, lanes)
	var share [lanes]int
	for i := range n {
		var k, r Key
		p := pkt(1, 2, uint16(i), 4)
		tables[i%lanes].KeyOf(p, &k)
		tables[(i+1)%lanes].KeyOf(reversed(p), &r)
		if k.Lane(lanes) != r.Lane(lanes) || k.hash != r.hash || k.Lane(1) != 0 {
			t.Fatalf("stream %d is in lanes %d and %d", i, k.Lane(lanes), r.Lane(lanes))
		}
		share[k.Lane(lanes)]++
	}
	for i, s := range share {
		want := n * laneWeight / (laneWeight*(lanes-1) + 1)
		if i == lanes-1 {
			want /= laneWeight
		}
		if s < want*8/10 || s > want*12/10 {
			t.Errorf("shares %v, want about %d in lane %d", share, want, i)
		}
	}
}
