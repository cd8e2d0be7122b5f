package main

import (
	"testing"

	"netramet/sources/join"
)

// TestTraceName: the name of a trace is the same with a format before it and without.
func TestTraceName(t *testing.T) {
	for _, tt := range []struct {
		operand, want string
	}{
		{"day/a.erf", "a.erf"},
		{"a.erf", "a.erf"},
		{"erf:day/a.erf", "a.erf"},
		{"erf:a.erf", "a.erf"},
		{"./erf:a.erf", "erf:a.erf"},
		{"10:30.pcap", "10:30.pcap"},
		{"-", "stdin"},
		{"erf:-", "stdin"},
		{"tcp://127.0.0.1:19000", "127.0.0.1:19000"},
		{"erf:tcp://127.0.0.1:19000", "127.0.0.1:19000"},
	} {
		parts, err := join.Expand([]string{tt.operand})
		if err != nil {
			t.Fatal(err)
		}
		if got := (&options{parts: parts}).traceName(); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.operand, got, tt.want)
		}
	}
}
