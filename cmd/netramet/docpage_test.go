package main

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// docBlock is a block of a page.
type docBlock struct {
	line     int
	language string
	file     string // it is this file's text; "": it is none
	why      string // it is not run
	lines    []string
}

func (b *docBlock) text() string { return strings.Join(b.lines, "\n") + "\n" }

// docCommand is a command with what it prints.
type docCommand struct {
	line   int
	text   string
	output []string
}

var (
	docFile   = regexp.MustCompile("`([\\w.-]+\\.(?:srl|rules|awk|py|txt|users|conf))`[^`]*:\\s*$")
	docNotRun = regexp.MustCompile(`^<!-- not run: (\w.*) -->$`)
)

// docBlocks returns a page's blocks, in order.
func docBlocks(t *testing.T, page string) (blocks []docBlock) {
	t.Helper()
	src, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	before, empty, inside := "", true, false
	for i, line := range strings.Split(string(src), "\n") {
		switch {
		case !inside && strings.HasPrefix(line, "```"):
			inside = true
			b := docBlock{line: i + 1, language: strings.TrimPrefix(line, "```")}
			if m := docFile.FindStringSubmatch(before); m != nil && b.language != "console" {
				b.file = m[1]
			}
			if m := docNotRun.FindStringSubmatch(before); m != nil {
				b.why = m[1]
			}
			blocks = append(blocks, b)
		case inside && line == "```":
			inside, before = false, ""
		case inside:
			b := &blocks[len(blocks)-1]
			b.lines = append(b.lines, line)
		case empty && strings.HasPrefix(line, "    "):
			t.Errorf("line %d: a block by indention: begin and end it with ```", i+1)
		case strings.TrimSpace(line) != "":
			before = line
		}
		empty = line == ""
	}
	return blocks
}

// commands returns a console block's commands with their output.
func (b *docBlock) commands(t *testing.T) (list []docCommand) {
	t.Helper()
	for i := 0; i < len(b.lines); i++ {
		line := b.lines[i]
		cmd, isCommand := strings.CutPrefix(line, "$ ")
		if !isCommand {
			if len(list) == 0 {
				t.Fatalf("line %d: a console block begins with a command", b.line+i+1)
			}
			c := &list[len(list)-1]
			c.output = append(c.output, line)
			continue
		}
		for strings.HasSuffix(cmd, `\`) && i+1 < len(b.lines) {
			i++
			cmd = strings.TrimSuffix(cmd, `\`) + strings.TrimSpace(b.lines[i])
		}
		list = append(list, docCommand{line: b.line + i + 1, text: cmd})
	}
	return list
}

var docTimes = regexp.MustCompile(`\d+\.\d\d s, \d+ packets/s|\btime=\S+|\btook=\S+|nemac@[^:]+`)

// docMatch compares output with a page's, which may leave parts out.
func docMatch(want, got []string) bool {
	for i, w := range want {
		if strings.TrimSpace(w) == "..." {
			for j := i; j <= len(got); j++ {
				if docMatch(want[i+1:], got[j:]) {
					return true
				}
			}
			return false
		}
		if i >= len(got) {
			return false
		}
		w, g := docTimes.ReplaceAllString(w, "TIME"), docTimes.ReplaceAllString(got[i], "TIME")
		start, cut := strings.CutSuffix(w, " ...")
		if cut && !strings.HasPrefix(g, start) || !cut && strings.TrimRight(w, " ") != strings.TrimRight(g, " ") {
			return false
		}
	}
	return len(want) == len(got)
}

// TestDocMatch keeps the comparison honest.
func TestDocMatch(t *testing.T) {
	for _, tt := range []struct {
		want, got string
		equal     bool
	}{
		{"a b", "a b", true}, {"a b", "a b c", false}, {"a ...", "a b c", true}, {"a b ...", "a c", false},
		{"a|...|d", "a|b|c|d", true}, {"a|...", "a", true}, {"...|d", "a|b", false}, {"a", "a|b", false},
		{"x 0.01 s, 5 packets/s", "x 9.99 s, 77 packets/s", true},
	} {
		if got := docMatch(strings.Split(tt.want, "|"), strings.Split(tt.got, "|")); got != tt.equal {
			t.Errorf("%q against %q: %v", tt.want, tt.got, got)
		}
	}
}
