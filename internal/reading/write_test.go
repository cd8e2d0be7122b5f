package reading

import (
	"bytes"
	"errors"
	"testing"

	"netramet/meter"
	"netramet/sources/sourcetest"
	"netramet/sources/tracefile"
)

// fullDisk takes nothing.
type fullDisk struct{}

var errFull = errors.New("no space left on device")

func (fullDisk) Write([]byte) (int, error) { return 0, errFull }

// TestWrite: a fault of the file ends a run that only writes, and none that meters;
// a run without a meter goes through the stages alone.
func TestWrite(t *testing.T) {
	for _, tt := range []struct {
		name    string
		metered bool
		full    bool
		err     error // of the run
	}{
		{"only written", false, false, nil},
		{"written and metered", true, false, nil},
		{"only written, a full disk", false, true, errFull},
		{"written and metered, a full disk", true, true, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var out bytes.Buffer
			opt := tracefile.Options{Stdout: &out}
			if tt.full {
				opt.Stdout = fullDisk{}
			}
			to, err := tracefile.Create("pcap:-", opt)
			if err != nil {
				t.Fatal(err)
			}
			cfg := meter.Config{SampleRate: 1}
			src := sourcetest.NewFake(everySecond(t, 200), 1)
			defer src.Close()
			told := 0
			var failed func(error)
			if tt.metered {
				failed = func(error) { told++ }
			}
			l := Loop{Source: src, Stages: []Stage{NewWrite(to, cfg, failed).Run}}
			if tt.metered {
				l.Meter = meter.New(cfg)
			}
			if _, err := l.Run(t.Context()); !errors.Is(err, tt.err) || tt.err == nil && err != nil {
				// The fault of a short file shows when it is closed, at the latest.
				if err != nil || !tt.full {
					t.Errorf("the run ended with %v", err)
				}
			}
			if told > 1 || told > 0 && !tt.full { // of a short file it shows at its close only
				t.Errorf("a fault was told %d times", told)
			}
			if err := to.Close(); errors.Is(err, errFull) != tt.full {
				t.Errorf("the file ended with %v", err)
			}
			if want := 24 + 200*(16+len(everySecond(t, 1)[0].Data)); !tt.full && out.Len() != want {
				t.Errorf("%d octets written, want %d", out.Len(), want)
			}
			if tt.metered {
				l.Meter.View(func(s *meter.State) {
					if n := s.Counts().Packets; n != 200 {
						t.Errorf("%d packets metered", n)
					}
				})
			}
		})
	}
}
