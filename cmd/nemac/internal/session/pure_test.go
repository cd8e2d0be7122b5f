package session

import (
	"testing"
	"time"

	"netramet/mib/remotemeter"
)

func TestNextTime(t *testing.T) {
	auckland, err := time.LoadLocation("Pacific/Auckland")
	if err != nil {
		t.Skip("no time zones on this system:", err)
	}
	const layout = "2006-01-02 15:04:05.999"
	for _, tt := range []struct {
		name, now string
		every     time.Duration
		loc       *time.Location
		want      string
	}{
		{"five minutes", "2026-03-01 12:31:27", 5 * time.Minute, time.UTC, "2026-03-01 12:35:00"},
		{"on the mark is the next", "2026-03-01 12:35:00", 5 * time.Minute, time.UTC, "2026-03-01 12:40:00"},
		{"a moment before", "2026-03-01 12:34:59.999", 5 * time.Minute, time.UTC, "2026-03-01 12:35:00"},
		{"seven minutes begin anew at midnight", "2026-03-01 23:57:00", 7 * time.Minute, time.UTC, "2026-03-02 00:00:00"},
		{"a day", "2026-03-01 12:00:00", 24 * time.Hour, time.UTC, "2026-03-02 00:00:00"},
		{"local time", "2026-07-01 12:31:27", time.Hour, auckland, "2026-07-01 13:00:00"},
		{"an hour is skipped", "2026-09-27 01:59:00", time.Hour, auckland, "2026-09-27 03:00:00"},
		{"the 366th day in UTC", "2041-01-01 12:31:27", 5 * time.Minute, auckland, "2041-01-01 12:35:00"},
		{"one second", "2026-03-01 12:00:00.5", time.Second, time.UTC, "2026-03-01 12:00:01"},
	} {
		now, err := time.ParseInLocation(layout, tt.now, tt.loc)
		if err != nil {
			t.Fatal(err)
		}
		if got := NextTime(now, tt.every, tt.loc).Format(layout); got != tt.want {
			t.Errorf("%s: after %s comes %s, want %s", tt.name, tt.now, got, tt.want)
		}
	}
}

// TestNextTimeClocksSet goes over days on which clocks are set: each mark lies
// ahead, none is missing, and each is one that the clock shows.
func TestNextTimeClocksSet(t *testing.T) {
	for _, tt := range []struct {
		zone, day string // the day before
		every     time.Duration
		want      []string // times of day from 18:00 on
	}{
		{"Europe/Berlin", "2026-10-24", 6 * time.Hour, []string{"00:00", "06:00", "12:00", "18:00", "00:00"}},
		{"Europe/Berlin", "2026-03-28", 6 * time.Hour, []string{"00:00", "06:00", "12:00", "18:00", "00:00"}},
		{"Europe/Berlin", "2026-10-24", 24 * time.Hour, []string{"00:00", "00:00", "00:00"}},
		{"Europe/Berlin", "2026-10-24", time.Hour, []string{"19:00", "20:00", "21:00", "22:00", "23:00", "00:00", "01:00", "02:00", "02:00", "03:00"}},
		{"Europe/Berlin", "2026-03-28", 2 * time.Hour, []string{"20:00", "22:00", "00:00", "03:00", "04:00"}},
		// No midnight: the day begins at 01:00.
		{"America/Santiago", "2026-09-05", 24 * time.Hour, []string{"01:00", "00:00", "00:00"}},
		{"America/Santiago", "2026-09-05", 2 * time.Hour, []string{"20:00", "22:00", "01:00", "02:00", "04:00"}},
		{"Africa/Cairo", "2026-04-23", 24 * time.Hour, []string{"01:00", "00:00", "00:00"}},
		// 24:00 becomes 23:00, and 01:00 becomes 00:00.
		{"Africa/Cairo", "2026-10-29", 24 * time.Hour, []string{"00:00", "00:00"}},
		{"America/Havana", "2026-10-31", 6 * time.Hour, []string{"00:00", "00:00", "06:00", "12:00"}},
	} {
		loc, err := time.LoadLocation(tt.zone)
		if err != nil {
			t.Skip("no time zones on this system:", err)
		}
		now, err := time.ParseInLocation("2006-01-02 15:04", tt.day+" 18:00", loc)
		if err != nil {
			t.Fatal(err)
		}
		for i, want := range tt.want {
			next := NextTime(now, tt.every, loc)
			if got := next.Format("15:04"); got != want || !next.After(now) || next.Sub(now) > tt.every+time.Hour {
				t.Errorf("%s, every %v, mark %d: after %v comes %v, want %s", tt.zone, tt.every, i+1, now, next, want)
				break
			}
			now = next
		}
	}
}

func TestRestarted(t *testing.T) {
	const wrap = 1 << 32
	beat := func(up uint64, wide bool, boots uint64) remotemeter.Beat {
		return remotemeter.Beat{Uptime: up, Is64: wide, Boots: boots, HasBoots: boots > 0}
	}
	for _, tt := range []struct {
		name        string
		before, now remotemeter.Beat
		elapsed     time.Duration
		want        bool
	}{
		{"goes on", beat(100000, true, 1), beat(106000, true, 1), time.Minute, false},
		{"less than before", beat(100000, true, 0), beat(500, true, 0), time.Minute, true},
		{"more than before, but too little", beat(1000, true, 0), beat(30000, true, 0), time.Hour, true},
		{"other boots", beat(1000, true, 4), beat(7000, true, 5), time.Minute, true},
		{"clocks differ a little", beat(1000, true, 0), beat(360000, true, 0), time.Hour, false},
		{"64 bits past the wrap", beat(wrap-100, true, 0), beat(wrap+5900, true, 0), time.Minute, false},
		{"32 bits goes on", beat(1000, false, 0), beat(7000, false, 0), time.Minute, false},
		{"32 bits wrap", beat(wrap-100, false, 0), beat(5900, false, 0), time.Minute, false},
		{"32 bits restart", beat(1000000, false, 0), beat(100, false, 0), time.Minute, true},
		{"32 bits restart near the wrap", beat(wrap-100, false, 0), beat(200000, false, 0), time.Minute, true},
		{"ends still", remotemeter.Beat{Uptime: 150, Is64: true, TellsEnd: true, Ending: true}, remotemeter.Beat{Uptime: 150, Is64: true, TellsEnd: true, Ending: true}, time.Second, false},
		{"was about to end", remotemeter.Beat{Uptime: 150, Is64: true, TellsEnd: true, Ending: true}, remotemeter.Beat{Uptime: 180, Is64: true, TellsEnd: true}, time.Second, true},
		{"answer was quick", beat(1000, false, 0), beat(1000, false, 0), time.Second, false},
	} {
		if got := restarted(tt.before, tt.now, tt.elapsed); got != tt.want {
			t.Errorf("%s: %v", tt.name, got)
		}
	}
}

func TestBackoff(t *testing.T) {
	var b backoff
	var all time.Duration
	for i := range 20 {
		d := b.next()
		if i == 0 && d != 200*time.Microsecond || d > time.Second {
			t.Errorf("pause %d is %v", i, d)
		}
		if i < 12 {
			all += d
		}
	}
	if d := b.next(); d != time.Second {
		t.Errorf("in the long run %v", d)
	}
	b.reset()
	if d := b.next(); d != 200*time.Microsecond {
		t.Errorf("after reset %v", d)
	}
	if all > 2*time.Second {
		t.Errorf("the first twelve take %v", all)
	}
}

// TestBackoffAmong has readers wait for each other: each interval begins when
// the last of them has seen the end of the one before. A late start must not
// keep all of them slow.
func TestBackoffAmong(t *testing.T) {
	const poll, work, readers = 100 * time.Microsecond, 3 * time.Millisecond, 3
	ready, at := time.Duration(0), [readers]time.Duration{0, 0, 1500 * time.Millisecond} // the third starts late
	for range 100 {
		late := time.Duration(0)
		for i := range at {
			// Reader i waits from at[i] on until it sees that the interval is ready.
			var b backoff
			for at[i] < ready {
				at[i] += b.nextAmong() + poll
			}
			at[i] += work
			late = max(late, at[i])
		}
		ready = late
	}
	if ready > 2500*time.Millisecond {
		t.Errorf("100 intervals take %v", ready)
	}
	// When the others have come, the next thing may be quick.
	var b backoff
	for range 30 {
		b.nextAmong()
	}
	if waited, d := b.waited, b.next(); d > waited/2 || b.longest() {
		t.Errorf("after %v among others comes a pause of %v", waited, d)
	}
	for range 200 {
		b.nextAmong()
	}
	if d := b.nextAmong(); d != time.Second || !b.longest() {
		t.Errorf("in the long run %v", d)
	}
}
