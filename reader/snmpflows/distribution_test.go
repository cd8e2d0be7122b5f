package snmpflows

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"netramet/mib"
	"netramet/mib/client"
	"netramet/mib/client/clienttest"
	"netramet/reader"
	"netramet/ruleset"
)

// The rule FromPacketSize & 1.0.25!1500 = 60.0!0 of RFC 2724 §3.2.
const distMask, distValue = "\x01\x00\x00\x19\x05\xdc", "\x3c\x00\x00\x00\x00\x00"

// distributed makes n flows that have so many distributions, each of buckets
// buckets and the overflow, with counters up to largest. Some flows lack some.
func distributed(n, distributions, buckets int, largest uint64) (flows []clienttest.Flow, f *ruleset.Format) {
	f = &ruleset.Format{Attrs: []mib.Attr{mib.AttrFlowIndex, mib.AttrToPDUs}, Seps: []string{"", " ", ""}}
	flows = clienttest.FlowSet(n, 50)
	for i := range flows {
		flows[i].Distributions = map[mib.Attr]clienttest.Distribution{}
	}
	for d := range distributions {
		a := mib.AttrToPacketSize + mib.Attr(d)
		f.Attrs, f.Seps = append(f.Attrs, a), slices.Insert(f.Seps, len(f.Seps)-1, " (")
		for i := range flows {
			if i%7 == d {
				continue
			}
			counters := make([]uint64, buckets+1)
			for k := range counters {
				counters[k] = (uint64(i*k+d) * 2654435761) & largest
			}
			flows[i].Distributions[a] = clienttest.Distribution{Mask: distMask, Value: distValue, Counters: counters}
		}
	}
	return flows, f
}

// wantDistributed is what lines should have of these flows.
func wantDistributed(flows []clienttest.Flow, f *ruleset.Format) []string {
	all := []string{"from 1 to 100"}
	for _, x := range flows {
		s := fmt.Sprintf("2 %d %d 0: %d %d", x.Index, x.Numbers[mib.AttrFirstTime], x.Index, x.Numbers[mib.AttrToPDUs])
		for _, a := range f.Attrs[2:] {
			if d, ok := x.Distributions[a]; ok {
				s += fmt.Sprintf(" %x=%d", d.Mask+d.Value, d.Counters)
			} else {
				s += " 0"
			}
		}
		all = append(all, s)
	}
	return all
}

// readDistributed reads the flows from a meter whose messages have up to size
// octets.
func readDistributed(t *testing.T, m *clienttest.Meter, flows []clienttest.Flow, f *ruleset.Format, change func(*client.Options)) (*lines, *Flows, error) {
	t.Helper()
	m.Uptime, m.Flows = 100, map[int][]clienttest.Flow{2: flows}
	c, _ := clienttest.Dial(t, m, 1, clienttest.Faults{}, change)
	row := clienttest.Running(t, c, 2, clienttest.Rules(1))
	fl := New(c, Config{Readers: []ReaderRef{{row, 2}}, Marks: !m.Foreign})
	out := &lines{}
	_, _, err := reader.Collect(ctx, fl, []reader.Task{{RuleSet: 2, Format: f}}, out)
	return out, fl, err
}

// TestDistributions reads flows with distributions from both package tables, in
// messages that hold many flows, one, or a part of one.
func TestDistributions(t *testing.T) {
	flows, f := distributed(40, 6, 60, 1<<20-1)
	want := wantDistributed(flows, f)
	for _, size := range []int{65507, 3000, 1400, 700} {
		for _, tt := range []struct {
			name   string
			meter  func(*clienttest.Meter)
			change func(*client.Options)
		}{
			{"NETRAMET-MIB's table", func(*clienttest.Meter) {}, nil},
			{"RFC 2720's table", func(m *clienttest.Meter) { m.Foreign = true }, nil},
			{"SNMPv1", func(m *clienttest.Meter) { m.Foreign = true }, func(o *client.Options) { o.Security.Version = client.V1 }},
			{"bound by the manager", func(*clienttest.Meter) {}, func(o *client.Options) { o.Datagram = size }},
		} {
			t.Run(fmt.Sprintf("%s, %d octets", tt.name, size), func(t *testing.T) {
				m := clienttest.NewSized(size)
				tt.meter(m)
				out, fl, err := readDistributed(t, m, flows, f, tt.change)
				if err != nil {
					t.Fatal(err)
				}
				equal(t, out.got, want)
				// A flow takes 1.6 kB: no more packages than its octets want.
				least, most := 1, 1
				switch size {
				case 1400:
					least, most = 2, 4
				case 700:
					least, most = 3, 7
				}
				if err := fl.prepare(&reader.Task{RuleSet: 2, Format: f}); err != nil {
					t.Fatal(err)
				}
				if n := len(fl.plan.parts); n < least || n > most {
					t.Errorf("%d packages of a flow, want %d to %d", n, least, most)
				}
			})
		}
	}
}

// TestLargeDistribution: one distribution that is larger than a message is named,
// with the size that would do, and messages of that size do.
func TestLargeDistribution(t *testing.T) {
	flows, f := distributed(3, 3, 255, 1<<64-1)
	_, _, err := readDistributed(t, clienttest.NewSized(1400), flows, f, nil)
	if err == nil || !strings.Contains(err.Error(), "rule set 2: FromPacketSize of a flow does not fit into one message: messages of up to ") {
		t.Fatalf("error %v", err)
	}
	size, _ := strconv.Atoi(regexp.MustCompile(`up to (\d+) octets`).FindStringSubmatch(err.Error())[1])
	if size < 2500 || size > 3100 {
		t.Errorf("%d octets are said to do", size)
	}
	out, _, err := readDistributed(t, clienttest.NewSized(size), flows, f, nil)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, out.got, wantDistributed(flows, f))
}
