package table

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestGridText: columns stand below each other whatever their texts are made of, and
// what a reader sees as one character is not cut.
func TestGridText(t *testing.T) {
	g := &grid{
		columns: []column{{head: "Name", cut: true, rank: 0}, {head: "n", right: true, rank: 0}},
		rows:    [][]string{{"plain", "1"}, {"主机主机主机主机", "22"}, {"e\u0301le\u0300ve de l'e\u0301cole", "333"}, {"👩‍👩‍👧 and a family name", "4"}, {"", ""}, {"Total of all", "360"}},
		labels:  1, feet: 1,
	}
	for width, want := range map[int]string{
		0: `
Name                    n
plain                   1
主机主机主机主机       22
élève de l'école      333
👩‍👩‍👧 and a family name    4

-------------------------
Total of all          360
`,
		16: `
Name           n
plain          1
主机主机主…   22
élève de l…  333
👩‍👩‍👧 and a f…    4

----------------
Total of a…  360
`,
		15: `
Name          n
plain         1
主机主机…    22
élève de …  333
👩‍👩‍👧 and a …    4

---------------
Total of …  360
`,
	} {
		got := string(g.appendTo(nil, width))
		combined := strings.NewReplacer("é", "e\u0301", "è", "e\u0300")
		if d := cmp.Diff(combined.Replace(strings.TrimPrefix(want, "\n")), got); d != "" {
			t.Errorf("width %d (-want +got)\n%s", width, d)
		}
		for line := range strings.Lines(got) {
			if w := textWidth(strings.TrimSuffix(line, "\n")); width > 0 && w > width {
				t.Errorf("width %d: %d columns: %q", width, w, line)
			}
		}
	}
}

// FuzzGrid: no line is wider than it may be, nor ends in blanks.
func FuzzGrid(f *testing.F) {
	f.Add("主机", "a\u0301", uint8(20))
	f.Add("2001:db8::1", "", uint8(1))
	f.Add("👩‍👩‍👧", "🇩🇪🇫🇷", uint8(7))
	f.Fuzz(func(t *testing.T, a, b string, width uint8) {
		if strings.ContainsAny(a+b, "\n\r\t ") || width == 0 {
			return
		}
		g := &grid{
			columns: []column{{head: "A", cut: true}, {head: "B", cut: true, rank: 1}, {head: "C", right: true, rank: 5}, {head: "D", right: true, extra: true, rank: 9}},
			rows:    [][]string{{a, b, "1", "12345"}, {b, a, "2", ""}, {"Total", "", "3", "9"}},
			labels:  2, feet: 1,
		}
		text := string(g.appendTo(nil, int(width)))
		if n := strings.Count(text, "\n"); n != 5 {
			t.Errorf("%d lines", n)
		}
		for line := range strings.Lines(text) {
			line = strings.TrimSuffix(line, "\n")
			if w := textWidth(line); w > int(width) {
				t.Errorf("%d columns of %d: %q", w, width, line)
			}
			if strings.HasSuffix(line, " ") {
				t.Errorf("blanks at the end: %q", line)
			}
		}
	})
}
