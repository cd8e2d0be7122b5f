package main

import (
	"bytes"
	"strings"
	"testing"

	"netramet/internal/command"
	"netramet/internal/screen/screentest"
)

// TestTerminal: a trace is neither read from a terminal nor written to one.
func TestTerminal(t *testing.T) {
	_, tty := screentest.OpenPTY(t, 80, 24)
	for _, tt := range []struct {
		args, want string
	}{
		{"-C - @hosts", "netramet: standard input: is a terminal: "},
		{"-C erf:- -m 0", "netramet: standard input: is a terminal: "},
		{"--info -", "netramet: standard input: is a terminal: "},
		{"-C " + office + " --write -", "netramet: --write -: standard output is a terminal: "},
	} {
		var errs bytes.Buffer
		status := run(t.Context(), strings.Fields(tt.args), tty, tty, &errs)
		if status != command.StatusFailure || !strings.HasPrefix(errs.String(), tt.want) {
			t.Errorf("%s: status %d, %s", tt.args, status, errs.String())
		}
	}
}
