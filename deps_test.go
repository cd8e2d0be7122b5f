// Package netramet holds the tests of the tree as a whole.
package netramet

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// allowed lists, for each package, the packages of this project it may import.
// Data flows one way: source -> decode -> stream -> match -> flow -> reader.
var allowed = map[string][]string{
	"internal/atomicfile":    nil,
	"internal/digits":        nil,
	"internal/command":       {"internal/interruptible", "internal/rulefile", "internal/screen", "mib", "reader/columns", "reader/flowfile", "reader/outputs", "reader/table", "reader/top", "ruleset/library"},
	"internal/datagram":      {"meter/packet", "mib", "sources/wire"},
	"internal/direction":     {"meter/packet", "mib", "sources/wire"},
	"internal/fileaccess":    nil,
	"internal/filekind":      nil,
	"internal/filelock":      nil,
	"internal/flagerr":       {"internal/spelling"},
	"internal/golden":        nil,
	"internal/index":         {"internal/slab"},
	"internal/interruptible": nil,
	"internal/leaktest":      nil,
	"internal/logfile":       {"internal/interruptible"},
	"internal/plaintext":     nil,
	"internal/privileges":    nil,
	"internal/reading":       {"internal/interruptible", "internal/timeopt", "meter", "sources", "sources/join", "sources/tracefile", "sources/wire"},
	"internal/rulefile":      {"internal/filekind", "ruleset", "ruleset/library", "ruleset/srl"},
	"internal/screen":        nil,
	"internal/sdnotify":      nil,
	"internal/slab":          nil,
	"internal/spelling":      nil,
	"internal/timeopt":       nil,
	"internal/traceinfo":     {"internal/plaintext", "meter/packet", "mib", "ruleset", "sources", "sources/wire"},
	"internal/version":       nil,

	"mib":             nil,
	"mib/agent":       {"mib", "mib/ber", "mib/usm", "mib/v3"},
	"mib/ber":         nil,
	"mib/client":      {"internal/plaintext", "mib", "mib/ber", "mib/usm", "mib/v3"},
	"mib/meterview":   {"meter", "meter/control", "streams", "mib/agent", "mib/ber", "mib", "ruleset", "sources/wire"},
	"mib/remotemeter": {"mib", "mib/client", "ruleset"},
	"mib/v3":          {"mib", "mib/ber", "mib/usm"},
	"mib/usm":         {"internal/atomicfile", "internal/fileaccess", "internal/filelock"},

	"sources":           {"internal/filekind", "internal/interruptible", "sources/wire"},
	"sources/dag":       {"sources", "sources/internal/dagapi", "sources/live", "sources/wire"},
	"sources/filter":    {"internal/spelling", "sources/wire"},
	"sources/join":      {"internal/interruptible", "sources", "sources/wire"},
	"sources/live":      {"internal/spelling", "sources", "sources/filter", "sources/internal/ring", "sources/wire"},
	"sources/netflow":   {"sources", "sources/wire"},
	"sources/tracefile": {"sources/internal/layout", "sources/wire"},
	"sources/wire":      nil,

	"ruleset":         {"mib", "internal/spelling", "streams/dist"},
	"ruleset/library": {"internal/plaintext", "internal/spelling"},
	"ruleset/srl":     {"ruleset", "mib", "internal/spelling"},

	"meter":         {"meter/origin", "meter/pme", "meter/packet", "streams", "sources/wire", "ruleset", "mib", "internal/index", "internal/slab", "streams/dist", "streams/pair"},
	"meter/control": {"meter", "mib", "ruleset", "sources/wire"},
	"meter/origin":  {"internal/plaintext", "meter/packet", "mib"},
	"meter/packet":  {"sources/wire", "mib"},
	"meter/pme":     {"ruleset", "meter/packet", "mib"},
	"streams":       {"meter/packet", "streams/pair", "internal/index", "internal/slab", "mib", "sources/wire"},
	"streams/pair":  {"meter/packet", "internal/slab"},
	"streams/dist":  nil,

	"reader":           {"mib", "ruleset"},
	"reader/amounts":   {"mib", "reader", "reader/flowfile", "reader/lines", "ruleset"},
	"reader/cells":     {"internal/digits", "mib"},
	"reader/columns":   {"internal/digits", "mib", "reader", "reader/cells", "streams/dist"},
	"reader/csv":       {"reader", "reader/columns", "reader/lines"},
	"reader/flowfile":  {"internal/atomicfile", "internal/digits", "internal/filelock", "internal/interruptible", "reader", "reader/cells", "ruleset", "mib"},
	"reader/jsonl":     {"internal/digits", "mib", "reader", "reader/columns", "reader/lines", "ruleset"},
	"reader/lines":     {"internal/atomicfile", "internal/filelock", "internal/interruptible", "mib", "reader"},
	"reader/outputs":   {"internal/interruptible", "internal/spelling", "mib", "reader", "reader/amounts", "reader/columns", "reader/csv", "reader/jsonl", "reader/lines", "reader/table", "reader/tee"},
	"reader/query":     {"internal/filekind", "internal/index", "internal/interruptible", "internal/plaintext", "internal/slab", "mib", "reader", "reader/columns", "reader/flowfile", "reader/jsonl", "reader/lines", "reader/table", "ruleset", "ruleset/srl"},
	"reader/local":     {"meter", "meter/control", "mib", "reader"},
	"reader/table":     {"internal/plaintext", "internal/spelling", "mib", "reader", "reader/columns", "ruleset"},
	"reader/tee":       {"reader"},
	"reader/top":       {"mib", "reader", "reader/amounts", "reader/table", "ruleset"},
	"reader/snmpflows": {"mib", "mib/ber", "mib/client", "mib/remotemeter", "reader", "ruleset"},
}

// forbidden are packages that a room must not reach, even by way of others.
var forbidden = map[string][]string{
	"meter":         {"net", "os/exec", "log", "log/slog", "github.com/gosnmp/gosnmp"},
	"meter/control": {"net", "os/exec", "log", "log/slog", "github.com/gosnmp/gosnmp"},
	"streams":       {"net", "log"},
	"mib/agent":     {"github.com/gosnmp/gosnmp"},
	"cmd/netramet":  {"github.com/gosnmp/gosnmp", "github.com/google/gopacket"},
	"cmd/nemac":     {"netramet/meter", "netramet/sources", "github.com/google/gopacket"},
}

// netUsers are the packages, apart from commands and tests, that import net.
var netUsers = []string{"internal/sdnotify", "mib/agent", "mib/client", "sources", "sources/live", "sources/netflow"}

type pkg struct {
	path          string
	imports, deps []string
}

func packages(t *testing.T) []pkg {
	t.Helper()
	cmd := exec.Command("go", "list", "-tags", "dag", "-f", "{{.ImportPath}}|{{join .Imports \" \"}}|{{join .Deps \" \"}}", "./...")
	// What is imported on one system is the list, wherever the test runs.
	cmd.Env = append(os.Environ(), "GOOS=linux", "GOARCH=amd64", "CGO_ENABLED=0")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, &stderr)
	}
	var list []pkg
	for line := range strings.Lines(string(out)) {
		f := strings.Split(strings.TrimSpace(line), "|")
		list = append(list, pkg{strings.TrimPrefix(f[0], "netramet/"), strings.Fields(f[1]), strings.Fields(f[2])})
	}
	return list
}

func TestImports(t *testing.T) {
	seen := map[string]bool{}
	for _, p := range packages(t) {
		seen[p.path] = true
		for _, bad := range forbidden[p.path] {
			if slices.Contains(p.deps, bad) {
				t.Errorf("%s reaches %s", p.path, bad)
			}
		}
		if strings.HasPrefix(p.path, "cmd/") || strings.HasSuffix(p.path, "test") || strings.HasPrefix(p.path, "sources/sourcetest/") || p.path == "mib/smigen" || p.path == "netramet" || strings.HasPrefix(p.path, "bench") {
			continue
		}
		if slices.Contains(p.imports, "net") != slices.Contains(netUsers, p.path) {
			t.Errorf("%s imports net, or is in the list of those that do and does not", p.path)
		}
		may, known := allowed[p.path]
		if !known {
			if base, _, ok := strings.Cut(p.path, "/internal/"); ok {
				may, known = append([]string{base}, allowed[base]...), true
			}
		}
		if !known {
			t.Errorf("package %s has no entry in the list of imports", p.path)
		}
		for _, imp := range p.imports {
			own, ok := strings.CutPrefix(imp, "netramet/")
			if ok && !slices.Contains(may, own) && !strings.HasPrefix(own, p.path+"/internal/") {
				t.Errorf("%s imports %s", p.path, own)
			}
		}
		for _, own := range allowed[p.path] {
			if !slices.Contains(p.imports, "netramet/"+own) {
				t.Errorf("%s may import %s but does not: take it from the list", p.path, own)
			}
		}
	}
	for name := range allowed {
		if !seen[name] {
			t.Errorf("package %s is in the list but not in the tree", name)
		}
	}
}

// timeless are the packages that know packet time alone: they neither ask the
// clock of the machine nor wait.
var timeless = []string{"meter", "meter/control", "meter/packet", "meter/pme", "streams", "streams/pair", "ruleset", "ruleset/library", "ruleset/srl", "mib/ber"}

// clocks are the functions of package time that read the clock or wait for it.
var clocks = []string{"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "Tick", "NewTimer", "NewTicker"}

// TestNoClocks: what must be a function of packets, time and requests alone
// reads no clock, and no file or environment either.
func TestNoClocks(t *testing.T) {
	for _, dir := range timeless {
		files, err := filepath.Glob(filepath.Join(dir, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range files {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			for _, imp := range file.Imports {
				if path := strings.Trim(imp.Path.Value, `"`); path == "os" || path == "net" {
					t.Errorf("%s imports %s", name, path)
				}
			}
			ast.Inspect(file, func(n ast.Node) bool {
				sel, ok := n.(*ast.SelectorExpr)
				if !ok {
					return true
				}
				if x, ok := sel.X.(*ast.Ident); ok && x.Name == "time" && slices.Contains(clocks, sel.Sel.Name) {
					t.Errorf("%s calls time.%s", name, sel.Sel.Name)
				}
				return true
			})
		}
	}
}

// TestUnsafe keeps unsafe in small packages: memory on huge pages, and that of
// capture rings and cards, also of the bare loop beside which the meter is measured.
func TestUnsafe(t *testing.T) {
	may := []string{"bench/bare", "internal/slab", "sources/internal/dagapi", "sources/internal/ring"}
	for _, p := range packages(t) {
		if slices.Contains(p.imports, "unsafe") && !slices.Contains(may, p.path) {
			t.Errorf("%s imports unsafe", p.path)
		}
	}
}
