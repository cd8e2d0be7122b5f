package snmpflows

import (
	"testing"
	"time"

	"netramet/mib/client"
	"netramet/mib/client/clienttest"
	"netramet/reader"
)

// TestMeterStart: the meter's start is found once. Answers that come late, and a
// clock that is set, do not move it.
func TestMeterStart(t *testing.T) {
	packet := time.Date(2026, 1, 5, 14, 0, 0, 500, time.UTC)
	now := packet.Add(time.Hour)
	for _, tt := range []struct {
		name   string
		start  uint64 // ntmTraceStart
		sec    client.Security
		trace  bool
		uptime uint64
		want   time.Time
	}{
		{"a trace", uint64(packet.UnixNano()), client.Security{Community: "private"}, true, 6001, packet.Add(-10 * time.Millisecond)},
		{"live, first packet known", uint64(packet.UnixNano()), client.Security{Community: "private"}, false, 6001, packet.Add(-10 * time.Millisecond)},
		{"live, no packet yet", 0, client.Security{Community: "private"}, false, 1, time.Time{}},
		{"by uptime alone", 0, client.Security{Version: client.V1, Community: "private"}, false, 6000, now.Add(-time.Minute)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := clienttest.New()
			m.Uptime, m.Start, m.Interval = tt.uptime, tt.start, 1
			c, _ := clienttest.Dial(t, m, 1, clienttest.Faults{}, func(o *client.Options) { o.Security = tt.sec })
			row := clienttest.Running(t, c, 2, clienttest.Rules(1))
			clock := now
			f := New(c, Config{
				Readers: []ReaderRef{{row, 2}}, Marks: true, Trace: tt.trace, Now: func() time.Time { return clock },
				Meter: "lab", Octets: reader.OctetsPeer,
			})
			tasks := []reader.Task{{RuleSet: 2, Format: format}}
			var ends []time.Time
			for range 2 {
				iv, err := f.Begin(ctx, tasks)
				if err != nil {
					t.Fatal(err)
				}
				if !iv.MeterStart.Equal(tt.want) || iv.Meter != "lab" || iv.Octets != reader.OctetsPeer || iv.Restarted {
					t.Errorf("%+v\nwant a start of %v", iv, tt.want)
				}
				if len(ends) > 0 && !tt.want.IsZero() && !iv.Begin.Equal(ends[0]) {
					t.Errorf("it begins at %v, and the one before ended at %v", iv.Begin, ends[0])
				}
				ends = append(ends, iv.End())
				if err := f.Commit(ctx); err != nil {
					t.Fatal(err)
				}
				m.Uptime += 6000
				clock = clock.Add(time.Minute + 17*time.Second)
			}
			if !f.Start().Equal(tt.want) {
				t.Errorf("Start %v", f.Start())
			}
			f.Restarted()
			if iv, err := f.Begin(ctx, tasks); err != nil || !iv.Restarted {
				t.Errorf("after a restart: %+v, %v", iv, err)
			}
		})
	}
}

// TestSampleRate: it is that of all interfaces, or not known.
func TestSampleRate(t *testing.T) {
	n := func(rate uint64) client.Value { return client.Value{Num: rate} }
	for _, tt := range []struct {
		name  string
		rates []client.Value
		want  uint32
	}{
		{"no interface", nil, 0},
		{"one", []client.Value{n(8)}, 8},
		{"all alike", []client.Value{n(1), n(1)}, 1},
		{"not alike", []client.Value{n(1), n(2)}, 0},
		{"one unknown", []client.Value{n(2), {Missing: true}}, 0},
		{"none known", []client.Value{{Missing: true}}, 0},
	} {
		if got := sampleRate(tt.rates); got != tt.want {
			t.Errorf("%s: %d, want %d", tt.name, got, tt.want)
		}
	}
}
