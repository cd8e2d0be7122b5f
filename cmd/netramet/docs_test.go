package main

import (
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestDocs runs the commands that the pages show and compares what they print
// with what the pages say they print. In a page, a line "..." stands for lines
// left out, " ..." at the end of a line for the rest of it. A file is written
// by the block behind a line that ends in `name`: as the reader would write it.
// A meter in the background and the nemac that follows it run as one script, on
// a free port. A page is followed up to the first block that needs more: SNMP
// tools, users, other hosts.
func TestDocs(t *testing.T) {
	shell, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("no bash: the pages' commands are not run")
	}
	if testing.Short() {
		t.Skip("short: the pages' commands are not run")
	}
	bin := t.TempDir()
	build := exec.Command("go", "build", "-o", bin+string(os.PathSeparator), "netramet/cmd/netramet", "netramet/cmd/nemac")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	pages, err := filepath.Glob(filepath.Join(root, "docs", "*.md"))
	if err != nil || len(pages) == 0 {
		t.Fatalf("no pages: %v", err)
	}
	for _, page := range append(pages, filepath.Join(root, "README.md")) {
		t.Run(filepath.Base(page), func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			if err := os.Symlink(filepath.Join(root, "testdata"), filepath.Join(dir, "testdata")); err != nil {
				t.Skip(err)
			}
			var pair docCommand // begun, and not whole
			port := freePort(t)
			for _, b := range docBlocks(t, page) {
				if b.file != "" {
					if err := os.WriteFile(filepath.Join(dir, b.file), []byte(b.text()), 0o666); err != nil {
						t.Fatal(err)
					}
					continue
				}
				list, ok := b.commands(t)
				if !ok {
					t.Logf("from line %d on, the page needs a meter on the network: not run", b.line)
					return
				}
				for _, c := range list {
					if pair = pair.join(c, port); pair.whole() {
						runDocCommand(t, shell, bin, dir, pair)
						pair = docCommand{}
					}
				}
			}
			if pair.text != "" {
				t.Errorf("line %d: a meter in the background that no nemac follows", pair.line)
			}
		})
	}
}

// join adds a command to a script.
func (c docCommand) join(next docCommand, port string) docCommand {
	if c.text == "" {
		next.text = strings.ReplaceAll(next.text, docPort, port)
		next.port = port
		return next
	}
	if strings.HasSuffix(c.text, "&") {
		c.text += "\nuntil grep -q listening meter.log; do sleep 0.02; done"
	}
	c.text += "\n" + strings.ReplaceAll(next.text, docPort, c.port)
	c.output = append(c.output, next.output...)
	return c
}

// whole reports whether a script leaves nothing in the background.
func (c docCommand) whole() bool {
	return !strings.Contains(c.text, "&\n") && !strings.HasSuffix(c.text, "&") || strings.Contains(c.text, "\nnemac ")
}

// docPort is the port that the pages use.
const docPort = "1614"

// freePort is a UDP port that nobody uses now.
func freePort(t *testing.T) string {
	t.Helper()
	conn, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_, port, err := net.SplitHostPort(conn.LocalAddr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port
}

// TestDocBuild: a "go build" of several commands on the pages says where they
// go, for without -o it makes none.
func TestDocBuild(t *testing.T) {
	root := filepath.Join("..", "..")
	pages, err := filepath.Glob(filepath.Join(root, "docs", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	builds := 0
	for _, page := range append(pages, filepath.Join(root, "README.md")) {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, build := range regexp.MustCompile("go build [^`\n]+").FindAllString(string(text), -1) {
			builds++
			if strings.Count(build, "./") > 1 && !strings.Contains(build, " -o ") {
				t.Errorf("%s: %q makes no program", filepath.Base(page), build)
			}
		}
	}
	if builds == 0 {
		t.Error("no page says how to build the commands")
	}
}

type docBlock struct {
	line  int
	file  string // the block is this file; "": commands
	lines []string
}

func (b *docBlock) text() string { return strings.Join(b.lines, "\n") + "\n" }

type docCommand struct {
	line   int
	text   string
	output []string
	port   string // that stands for docPort
}

var docFile = regexp.MustCompile("`([\\w.-]+\\.(?:srl|rules|awk|py|txt))`[^`]*:\\s*$")

// docBlocks returns a page's files and console blocks, in order.
func docBlocks(t *testing.T, page string) (blocks []docBlock) {
	t.Helper()
	src, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	before, inside := "", false
	keep := false
	for i, line := range strings.Split(string(src), "\n") {
		switch {
		case !inside && strings.HasPrefix(line, "```"):
			inside = true
			b := docBlock{line: i + 1}
			if m := docFile.FindStringSubmatch(before); m != nil && line != "```console" {
				b.file = m[1]
			}
			if keep = b.file != "" || line == "```console"; keep {
				blocks = append(blocks, b)
			}
		case inside && line == "```":
			inside, before = false, ""
		case inside && keep:
			b := &blocks[len(blocks)-1]
			b.lines = append(b.lines, line)
		case !inside && strings.TrimSpace(line) != "":
			before = line
		}
	}
	return blocks
}

// elsewhere marks commands that need more than a meter and nemac beside them.
var elsewhere = regexp.MustCompile(`(^|[ ;|])(snmp\w+|kill|eval)\b|--list\b|--listen|--users|^[A-Z]=|@|nemac -v`)

// commands returns a console block's commands with their output; not ok if it
// needs the network.
func (b *docBlock) commands(t *testing.T) (list []docCommand, ok bool) {
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
		if elsewhere.MatchString(cmd) {
			return nil, false
		}
		list = append(list, docCommand{line: b.line + i + 1, text: cmd})
	}
	return list, true
}

func runDocCommand(t *testing.T, shell, bin, dir string, c docCommand) {
	t.Helper()
	for _, tool := range []string{"python3", "gzip", "zstd", "awk"} {
		if strings.Contains(" "+c.text, " "+tool+" ") {
			if _, err := exec.LookPath(tool); err != nil {
				t.Logf("line %d: no %s here", c.line, tool)
				return
			}
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, shell, "-c", c.text+"\nwait")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "PATH="+bin+string(os.PathListSeparator)+os.Getenv("PATH"), "TZ=UTC", "LC_ALL=C")
	out, _ := cmd.CombinedOutput() // pages show failures too; their text is what counts
	text := strings.TrimRight(string(out), "\n")
	if c.port != "" {
		text = strings.ReplaceAll(text, ":"+c.port, ":"+docPort)
	}
	got := strings.Split(text, "\n")
	if len(out) == 0 {
		got = nil
	}
	want := c.output
	for len(want) > 0 && strings.TrimSpace(want[len(want)-1]) == "" {
		want = want[:len(want)-1]
	}
	if !docMatch(want, got) {
		t.Errorf("line %d: $ %s\ngot\n%s\nthe page says\n%s", c.line, c.text, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
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
