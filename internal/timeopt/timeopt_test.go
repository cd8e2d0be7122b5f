package timeopt

import (
	"testing"
	"time"

	"github.com/spf13/pflag"
)

func TestParse(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"0": 0, "300": 300 * time.Second, "010": 10 * time.Second, "-1": -time.Second, "0.5": time.Second / 2,
		"5m": 5 * time.Minute, "1h30m": 90 * time.Minute, "500ms": time.Second / 2, "2d": 48 * time.Hour,
		"1d12h": 36 * time.Hour, "1d60": 24*time.Hour + time.Minute,
	} {
		if got, err := Parse(text); err != nil || got != want {
			t.Errorf("%q: %v, %v, want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", " 5", "5 m", "5x", "m", "many", "0x10", "1e3", "-1d", "1d-1h", "d", "1.5d", "200000d", "106751d48h", "9999999999999"} {
		if got, err := Parse(text); err == nil {
			t.Errorf("%q is taken as %v", text, got)
		}
	}
}

func TestSeconds(t *testing.T) {
	for _, tt := range []struct {
		text, err string
		want      uint32
	}{
		{"5m", "", 300}, {"4294967295", "", 1<<32 - 1},
		{"4294967296", "it is at most 4294967295 seconds", 7},
		{"-1", "it is at least 0 seconds", 7},
		{"1.5", "it is in whole seconds", 7},
		{"soon", errSyntax.Error(), 7},
	} {
		got, text := uint32(7), ""
		var v pflag.Value = Seconds(&got, 0, 1<<32-1)
		if err := v.Set(tt.text); err != nil {
			text = err.Error()
		}
		if got != tt.want || text != tt.err {
			t.Errorf("%s: %d, %q, want %d, %q", tt.text, got, text, tt.want, tt.err)
		}
	}
	n := -1
	if v := Seconds(&n, -1, 10); v.String() != "-1" || v.Set("1m") == nil || v.Set("10s") != nil || n != 10 {
		t.Errorf("%s, %d", v, n)
	}
}

func TestLength(t *testing.T) {
	d := time.Minute
	var v pflag.Value = Length(&d)
	if v.String() != "1m0s" || v.Set("x") == nil || d != time.Minute || v.Set("1.5") != nil || d != 1500*time.Millisecond {
		t.Errorf("%v", d)
	}
}
