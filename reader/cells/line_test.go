package cells

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"netramet/internal/digits"
	"netramet/mib"
)

// TestLead: texts of all sizes, with room for no more than they touch.
func TestLead(t *testing.T) {
	for size := range 3 * longSize {
		text := strings.Repeat("0123456789", size/10+1)[:size]
		l := NewLead(text)
		b := make([]byte, 1+l.Room())
		if got := string(b[1:l.Put(b, 1)]); got != text {
			t.Errorf("%d octets are %q", size, got)
		}
	}
}

// odd appends an octet, unless that is 13.
type odd struct{ at int }

func (o odd) Append(b []byte, f *mib.Stored) ([]byte, error) {
	if f.Octets[o.at] == 13 {
		return b, errors.New("13 is no value")
	}
	return append(b, strings.Repeat("<odd>", int(f.Octets[o.at]))...), nil
}

// TestLine: a line has all its texts and values, whatever room there is for it.
func TestLine(t *testing.T) {
	start := time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)
	octets := make([]byte, 48)
	for i := range octets {
		octets[i] = byte(i + 1)
	}
	f := &mib.Stored{Octets: octets}
	for i := range f.Numbers {
		f.Numbers[i] = uint64(i) * 1_000_003
	}
	number := func(at, size uint8) *mib.Place {
		return &mib.Place{In: mib.InOctets, At: at, Size: size, Number: true}
	}
	address := func(at, size uint8) *mib.Place { return &mib.Place{In: mib.InOctets, At: at, Size: size} }
	for _, gap := range []string{"", " ", " a text between ", strings.Repeat("far apart ", 50)} {
		l := NewLine(&mib.Places{Number: 3})
		var want strings.Builder
		add := func(there bool, text string) {
			t.Helper()
			if !there {
				t.Error("the line has no such cell")
			}
			want.WriteString(gap + text)
		}
		for n := range mib.StoredAmounts + 1 {
			add(l.Number(gap, mib.NumberPlace(n)), fmt.Sprint(f.Numbers[n]))
		}
		add(l.Number(gap, number(5, 1)), "6")
		add(l.Number(gap, number(5, 2)), "1543")
		add(l.Number(gap, number(5, 4)), fmt.Sprint(binary.BigEndian.Uint32(octets[5:])))
		add(l.Number(gap, number(5, 8)), fmt.Sprint(binary.BigEndian.Uint64(octets[5:])))
		add(l.Port(gap, address(0, 2)), "258")
		add(l.Port(gap, address(0, 1)), "1")
		add(l.Address(gap, address(20, 4)), "21.22.23.24")
		add(l.Address(gap, address(20, 16)), netip.AddrFrom16([16]byte(octets[20:])).String())
		l.Text(gap)
		l.Other(odd{30})
		want.WriteString(gap + strings.Repeat("<odd>", 31))
		add(l.Time(gap, mib.NumberPlace(mib.StoredRuleSet), NewClock(start)), start.Add(10000030*time.Millisecond).Format("2006-01-02T15:04:05.000000000Z"))
		for _, none := range []*mib.Place{{}, {In: mib.InPeerType, At: 5}} {
			if l.Number(gap, none) || l.Port(gap, none) || l.Address(gap, none) || l.Time(gap, none, nil) {
				t.Errorf("a cell for what lies at %+v", none)
			}
		}
		if l.Address(gap, address(20, 6)) || l.Port(gap, address(20, 4)) || l.Number(gap, address(20, 4)) {
			t.Error("a cell for what the line cannot write")
		}
		l.Text(gap + "\n")
		want.WriteString(gap + "\n")
		l.End()
		for _, b := range [][]byte{{'x'}, append(make([]byte, 0, 1<<16), 'x')} {
			if got, err := l.Append(b, f); err != nil || string(got) != "x"+want.String() {
				t.Errorf("got\n%s, %v, want\nx%s", got, err, want.String())
			}
		}
		octets[30] = 13
		if got, err := l.Append([]byte{'x'}, f); err == nil || string(got) != "x" {
			t.Errorf("of a flow without a value there is %q, %v", got, err)
		}
		octets[30] = 31
	}
}

// TestAmounts: a counter and its amount, side by side, whether they are the same or not.
func TestAmounts(t *testing.T) {
	var l Line
	for n := range mib.StoredCounters {
		l.Number(",", mib.NumberPlace(mib.StoredToOctets+n))
		l.Number(",", mib.NumberPlace(mib.StoredAmounts+n))
	}
	l.Number(";", mib.NumberPlace(mib.StoredToOctets)) // which is not that of what comes behind
	l.Number(",", mib.NumberPlace(mib.StoredAmounts+1))
	l.End()
	around := []uint64{0, 9, 10, 999, 1000, digits.Short - 1, digits.Short, 1<<64 - 1}
	for _, n := range around {
		for _, m := range around {
			f := &mib.Stored{}
			want := ""
			for i := range mib.StoredCounters {
				f.Numbers[mib.StoredToOctets+i], f.Numbers[mib.StoredAmounts+i] = n, m
				want += fmt.Sprintf(",%d,%d", n, m)
			}
			want += fmt.Sprintf(";%d,%d", n, m)
			if got, _ := l.Append(nil, f); string(got) != want {
				t.Errorf("got %s, want %s", got, want)
			}
		}
	}
}

// TestLines: a line is that of its places.
func TestLines(t *testing.T) {
	var all Lines
	places := []*mib.Places{{Number: 3}, {Number: 0}, {Number: 3}, {Number: 9}}
	for i, p := range places {
		if all.Of(p) != nil {
			t.Errorf("places %d have a line before it was made", i)
		}
		l := NewLine(p)
		all.Add(l)
		if all.Of(p) != l {
			t.Errorf("places %d have another line", i)
		}
	}
	if all.Of(places[0]) != nil || all.Of(places[1]) == nil {
		t.Error("places that came later do not take the place of those with their number alone")
	}
}
