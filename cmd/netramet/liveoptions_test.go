package main

import (
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"netramet/sources/live"
)

func TestOctetsOption(t *testing.T) {
	for _, tt := range []struct {
		text, want string // "": an error
	}{
		{"1", "1"}, {"4096", "4k"}, {"4k", "4k"}, {"4K", "4k"}, {"1500", "1500"}, {"64M", "64M"}, {"64m", "64M"}, {"1g", "1G"}, {"1024M", "1G"},
		{"", ""}, {"0", ""}, {"-1", ""}, {"k", ""}, {"1.5M", ""}, {"2G", ""}, {"99999999999", ""}, {"64 M", ""}, {"64MB", ""},
	} {
		var n octets
		switch err := n.Set(tt.text); {
		case tt.want == "" && err == nil:
			t.Errorf("%q is taken for %s", tt.text, &n)
		case tt.want != "" && (err != nil || n.String() != tt.want):
			t.Errorf("%q is %s, %v; want %s", tt.text, &n, err, tt.want)
		}
	}
}

// TestDrops: losses are told when they begin and when there have been none for a
// while, interface by interface, with numbers.
func TestDrops(t *testing.T) {
	type counts = [2]uint64 // lost, metered
	for _, tt := range []struct {
		name  string
		looks map[int]counts // by second, of eth0; between them nothing changes
		end   int            // second at which the run ends
		want  []string
	}{
		{"none", map[int]counts{1: {0, 10}}, 30, nil},
		{"once", map[int]counts{1: {0, 10}, 5: {3, 20}, 6: {3, 30}}, 30, []string{
			"5: interface eth0: packets are lost, 3 so far: the meter is too slow for them, or was stopped; --ring takes more of a burst",
			"15: interface eth0: no more packets are lost: there were 3 within 0s, and 20 were metered"}},
		{"with short pauses", map[int]counts{1: {0, 10}, 5: {3, 20}, 12: {5, 30}, 20: {6, 40}}, 40, []string{
			"5: interface eth0: packets are lost, 3 so far: the meter is too slow for them, or was stopped; --ring takes more of a burst",
			"30: interface eth0: no more packets are lost: there were 6 within 15s, and 30 were metered"}},
		{"twice", map[int]counts{2: {1, 1}, 20: {9, 1}}, 40, []string{
			"2: interface eth0: packets are lost, 1 so far: the meter is too slow for them, or was stopped; --ring takes more of a burst",
			"12: interface eth0: no more packets are lost: there were 1 within 0s, and 1 were metered",
			"20: interface eth0: packets are lost, 8 so far: the meter is too slow for them, or was stopped; --ring takes more of a burst",
			"30: interface eth0: no more packets are lost: there were 8 within 0s, and 0 were metered"}},
		{"up to the end", map[int]counts{2: {1, 1}, 3: {2, 2}}, 4, []string{
			"2: interface eth0: packets are lost, 1 so far: the meter is too slow for them, or was stopped; --ring takes more of a burst",
			"4: interface eth0: no more packets are lost: there were 2 within 1s, and 2 were metered"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var d drops
			var got []string
			list := []live.Interface{{Number: 1, Name: "eth0"}, {Number: 2, Name: "eth1"}}
			for s := range tt.end + 1 {
				if c, ok := tt.looks[s]; ok {
					list[0].Dropped, list[0].Packets = c[0], c[1]
				}
				now := time.Unix(1e9, 0).Add(time.Duration(s) * time.Second)
				for _, n := range d.look(now, func() []live.Interface { return list }, s == tt.end) {
					n.words = (&options{}).dropWords()
					got = append(got, strconv.Itoa(s)+": "+n.String())
				}
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("told %q\nwant %q", got, tt.want)
			}
		})
	}
}

// TestDropWords: each kind of link has its own cause, and remedy.
func TestDropWords(t *testing.T) {
	for args, want := range map[string]string{
		"-i eth0": "packets are lost: the meter is too slow for them, or was stopped; --ring ", "-C dag:dag0": "; dagconfig mem=",
		"-C netflow://:2055": "flow records are lost: export datagrams do not arrive, ",
	} {
		o, err := parseOptions(append(strings.Fields(args), "x.srl"))
		if err != nil {
			t.Fatal(err)
		}
		var buf strings.Builder
		(&dropNews{begun: true, words: o.dropWords()}).tell(slog.New(slog.NewTextHandler(&buf, nil)))
		if !strings.Contains(buf.String(), want) {
			t.Errorf("%s: %s", args, &buf)
		}
	}
}

// TestTopInterval: who looks at an interface sees something every ten seconds, if not
// asked for otherwise; flow data goes on as without.
func TestTopInterval(t *testing.T) {
	for args, want := range map[string]uint32{
		"-i eth0 --top x.srl": 10, "-i eth0 --top -T2 x.srl": 2, "-i eth0 --top -T0 x.srl": 0, "-i eth0 --top -F f x.srl": 0,
		"-i eth0 x.srl": 0, "-C a.pcap --top x.srl": 0,
	} {
		o, err := parseOptions(strings.Fields(args))
		if err != nil || o.interval != want {
			t.Errorf("%s: %v, error %v", args, o, err)
		}
	}
}
