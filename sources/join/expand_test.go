package join

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"netramet/sources"
)

func TestExpand(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, name := range []string{"b.pcap", "a.pcap", "c10", "c2", "x[1]", "erf:odd", "day/1.erf", "day/2.erf", "day/sub/3.erf", "empty/.keep"} {
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte("text"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct {
		operands, want string // in order; or the end of an error
		fails          bool
	}{
		{operands: "a.pcap", want: "a.pcap/0"},
		{operands: "b.pcap a.pcap", want: "a.pcap/1 b.pcap/0"},
		{operands: "*.pcap", want: "a.pcap/0 b.pcap/0"},
		{operands: "b.pcap *.pcap ./a.pcap", want: "a.pcap/1 b.pcap/0"},
		{operands: "c*", want: "c10/0 c2/0"},
		{operands: "day/*", want: "day/1.erf/0 day/2.erf/0"},
		{operands: "erf:day/?.erf -", want: "-/1 erf:day/1.erf/0 erf:day/2.erf/0"},
		{operands: "x[1]", want: "x[1]/0"},
		{operands: "[ab].pcap", want: "a.pcap/0 b.pcap/0"},
		{operands: "*odd", want: "./erf:odd/0"},
		{operands: "erf:-", want: "erf:-/0"},
		{operands: "tcp://[::1]:4242", want: "tcp://[::1]:4242/0"},
		{operands: "pcapng:tcp://localhost:4242", want: "pcapng:tcp://localhost:4242/0"},
		{operands: "a.pcap tcp://[::1]:4242", want: "tcp://[::1]:4242: a connection is a trace alone", fails: true},
		{operands: "absent", want: "absent/0"}, // which Open says
		{operands: "a.pcap absent", want: "absent: no such file or directory", fails: true},
		{operands: "day", want: "day: is a directory; name its files, as in 'day/*'", fails: true},
		{operands: "erf:day", want: "day: is a directory; name its files, as in 'day/*'", fails: true},
		{operands: "nothing*", want: "nothing*: no file has such a name", fails: true},
		{operands: "empty/*.pcap", want: "empty/*.pcap: no file has such a name", fails: true},
		{operands: "day/[1", want: "day/[1: is no pattern: syntax error in pattern", fails: true},
	} {
		parts, err := Expand(strings.Fields(tt.operands))
		if tt.fails {
			if err == nil || err.Error() != tt.want {
				t.Errorf("%s: %v, want %s", tt.operands, err, tt.want)
			}
			continue
		}
		var got []string
		for _, p := range parts {
			got = append(got, p.URI+"/"+string('0'+rune(p.Capture)))
			if regular := p.Path != "-" && p.Path != "absent" && !sources.IsAddress(p.Path); (p.Size == 4) != regular {
				t.Errorf("%s: %+v", tt.operands, p)
			}
		}
		if g := strings.Join(got, " "); err != nil || g != tt.want {
			t.Errorf("%s: %s, %v, want %s", tt.operands, g, err, tt.want)
		}
	}
}
