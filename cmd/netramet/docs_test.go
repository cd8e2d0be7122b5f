package main

import (
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestDocs holds the pages to what they say. Commands are run, and what they
// print is compared with what the pages say they print; there a line "..."
// stands for lines left out, " ..." at the end of a line for the rest of it. A
// file is written by the block behind a line that ends in `name`: as the reader
// would write it. What begins with a meter in the background, up to the nemac
// that ends with it or to kill, is one script, on free ports. Programs in srl
// and rules are checked, options in usage looked up. Every block is one of
// these, or plain text, or says why it is not run.
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
	root, pages := docPages(t)
	for _, page := range pages {
		t.Run(filepath.Base(page), func(t *testing.T) {
			t.Parallel()
			r := &docReader{shell: shell, bin: bin, root: root, dir: t.TempDir(), ports: freePorts(t)}
			if slices.Contains(narrowPages, filepath.Base(page)) {
				r.columns = "80"
			}
			for _, name := range []string{"testdata", "mib"} {
				if err := os.Symlink(filepath.Join(root, name), filepath.Join(r.dir, name)); err != nil {
					t.Skip(err)
				}
			}
			for _, b := range docBlocks(t, page) {
				r.follow(t, b)
			}
			if r.script != nil {
				t.Errorf("line %d: a meter in the background that nothing ends", r.script[0].line)
			}
		})
	}
}

// narrowPages are those whose tables are as a terminal of 80 columns shows them.
var narrowPages = []string{"README.md", "cookbook.md"}

// docPages returns the project's folder and its pages.
func docPages(t *testing.T) (root string, pages []string) {
	t.Helper()
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	pages, err = filepath.Glob(filepath.Join(root, "docs", "*.md"))
	if err != nil || len(pages) == 0 {
		t.Fatalf("no pages: %v", err)
	}
	return root, append(pages, filepath.Join(root, "README.md"))
}

// freePorts replaces the ports that the pages use by such that nobody uses now.
func freePorts(t *testing.T) *strings.Replacer {
	t.Helper()
	var pairs []string
	for _, port := range []string{"1614", "1615"} {
		conn, err := net.ListenPacket("udp4", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		_, free, err := net.SplitHostPort(conn.LocalAddr().String())
		if err != nil {
			t.Fatal(err)
		}
		pairs = append(pairs, port, free)
	}
	return strings.NewReplacer(pairs...)
}

// docReader does what a page says, in an empty folder.
type docReader struct {
	shell, bin, root, dir string
	ports                 *strings.Replacer
	columns               string       // of its terminal; "": it has none
	script                []docCommand // begun, and not whole
}

func (r *docReader) follow(t *testing.T, b docBlock) {
	t.Helper()
	switch {
	case b.file != "":
		if err := os.WriteFile(filepath.Join(r.dir, b.file), []byte(r.ports.Replace(b.text())), 0o600); err != nil {
			t.Fatal(err)
		}
	case b.language == "console":
		for _, c := range b.commands(t) {
			if r.script = append(r.script, c); wholeScript(r.script) {
				r.run(t, r.script)
				r.script = nil
			}
		}
	case b.language == "srl" || b.language == "rules":
		r.check(t, b)
	case b.language == "usage":
		r.usage(t, b)
	case b.language == "sh" && b.why != "":
		r.paths(t, b)
	case b.language != "text":
		t.Errorf("line %d: a block of %q: give it a file's name, or make it console, srl, rules, usage or text, or sh behind <!-- not run: why -->", b.line, b.language)
	}
}

// wholeScript reports whether a script leaves nothing in the background.
func wholeScript(list []docCommand) bool {
	last := list[len(list)-1].text
	for _, c := range list {
		if strings.HasSuffix(c.text, "&") {
			return strings.HasPrefix(last, "nemac -C") || strings.HasPrefix(last, "nemac -f") || strings.HasPrefix(last, "kill ")
		}
	}
	return true
}

// check: a part of a program is right, the standard names given.
func (r *docReader) check(t *testing.T, b docBlock) {
	t.Helper()
	file := filepath.Join(r.dir, "part."+b.language)
	text := b.text()
	if b.language == "srl" {
		text = "include \"standard.srl\";\n" + text
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(filepath.Join(r.bin, "nemac"), "--check", file).CombinedOutput(); err != nil {
		t.Errorf("line %d: nemac --check: %v\n%s", b.line, err, out)
	}
}

// usage: the program's -h knows each option.
func (r *docReader) usage(t *testing.T, b docBlock) {
	t.Helper()
	for _, line := range b.lines {
		words := strings.Fields(line)
		out, err := exec.Command(filepath.Join(r.bin, words[0]), "-h").CombinedOutput()
		if err != nil {
			t.Fatal(err)
		}
		for _, option := range regexp.MustCompile(`(?:^|[ \[])(--?\w[\w-]*)`).FindAllStringSubmatch(line, -1) {
			if !regexp.MustCompile(`(?m)(^|[ ,])` + option[1] + `($|[ ,])`).Match(out) {
				t.Errorf("line %d: %s -h does not know %s", b.line, words[0], option[1])
			}
		}
	}
}

// paths: what is too much to be run names packages that there are.
func (r *docReader) paths(t *testing.T, b docBlock) {
	t.Helper()
	for _, path := range regexp.MustCompile(`\./\w[\w/]*`).FindAllString(b.text(), -1) {
		if _, err := os.Stat(filepath.Join(r.root, path)); err != nil {
			t.Errorf("line %d: %v", b.line, err)
		}
	}
}

// docEnd stands behind the output of each command of a script.
const docEnd = "-- this is the end of what that command prints --"

// docStands stands for what a test has not.
var docStands = strings.NewReplacer("tcpdump -i eth0 -U -w -", "cat testdata/office.pcap")

var (
	docTool = regexp.MustCompile(`(?:^|[;|(]\s*|\beval )(\w+)`)
	docLog  = regexp.MustCompile(`2>(\S+) &$`)
)

// run runs a script and compares what each of its commands prints.
func (r *docReader) run(t *testing.T, list []docCommand) {
	t.Helper()
	text, logs := "", ""
	for _, c := range list {
		for _, tool := range docTool.FindAllStringSubmatch(c.text, -1) {
			// The programs of other projects; the shell's own are there.
			if strings.Contains(" awk editcap gzip mergecap python3 zstd ", " "+tool[1]+" ") || strings.HasPrefix(tool[1], "snmp") {
				if _, err := exec.LookPath(tool[1]); err != nil {
					t.Logf("line %d: not run: no %s here", c.line, tool[1])
					return
				}
			}
		}
		text += docStands.Replace(c.text) + "\n"
		if log := docLog.FindStringSubmatch(c.text); log != nil {
			logs += "rm -f " + log[1] + "\n" // of an earlier script
			text += "until grep -qs listening " + log[1] + "; do sleep 0.02; done\n"
		}
		text += "echo '" + docEnd + "'\n"
	}
	text = logs + text + "wait\n"
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, r.shell, "-c", r.ports.Replace(text))
	cmd.Dir = r.dir
	cmd.Env = append(os.Environ(), "PATH="+r.bin+string(os.PathListSeparator)+os.Getenv("PATH"), "TZ=UTC", "LC_ALL=C", "NO_COLOR=1", "COLUMNS="+r.columns,
		"SNMP_PERSISTENT_DIR="+r.snmpDir(t))
	out, _ := cmd.CombinedOutput() // pages show failures too; their text is what counts
	parts := strings.Split(string(out), docEnd+"\n")
	if len(parts) != len(list)+1 {
		t.Errorf("line %d: the script did not come to its end:\n%s", list[0].line, out)
		return
	}
	for i, c := range list {
		got, want := docLines(parts[i]), docLines(r.ports.Replace(strings.Join(c.output, "\n")))
		if !docMatch(want, got) {
			t.Errorf("line %d: $ %s\ngot\n%s\nthe page says\n%s", c.line, c.text, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
}

// snmpDir is a folder for what net-snmp's tools keep. Where the folder in it is
// missing, as on a new machine, the first of them says that it makes it.
func (r *docReader) snmpDir(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "cert_indexes"), 0o700); err != nil {
		t.Fatal(err)
	}
	return dir
}

// docLines are the lines of text without empty ones at its end.
func docLines(text string) []string {
	if text = strings.TrimRight(text, " \n"); text == "" {
		return nil
	}
	return strings.Split(text, "\n")
}

// TestDocBuild: a "go build" of several commands on the pages says where they
// go, for without -o it makes none.
func TestDocBuild(t *testing.T) {
	_, pages := docPages(t)
	builds := 0
	for _, page := range pages {
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
