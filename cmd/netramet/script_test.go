package main

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"netramet/internal/golden"
	"netramet/internal/leaktest"
	"netramet/sources/dag"
	"netramet/sources/sourcetest/capfile"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain lets the scripts run the command as a process of its own.
func TestMain(m *testing.M) {
	testscript.Main(leaktest.Main{Tests: m, Ignored: []string{
		// A named pipe that is given up while nobody writes to it.
		"netramet/internal/interruptible.OpenPipe", "netramet/internal/interruptible.OpenPipe.func1",
		// Standard input that cannot be closed.
		"netramet/internal/interruptible.(*Reader).Read.func1",
	}}, map[string]func(){"netramet": main})
}

// TestScripts runs testdata/script/*.txtar: the command as its users see it.
// Each finds the project's traces, office.pcap and small.pcapng, beside it.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("testdata", "script"),
		UpdateScripts:       golden.Update(),
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			for _, name := range []string{"office.pcap", "small.pcapng"} {
				data, err := os.ReadFile(filepath.Join("..", "..", "testdata", name))
				if err != nil {
					return err
				}
				if err := os.WriteFile(filepath.Join(env.WorkDir, name), data, 0o666); err != nil {
					return err
				}
			}
			return nil
		},
		Condition: func(name string) (bool, error) {
			if dev, ok := strings.CutPrefix(name, "file:"); ok {
				_, err := os.Stat(dev)
				return err == nil, nil
			}
			if name == "dag" {
				return dag.Supported() == nil, nil
			}
			return false, errors.New("unknown condition " + name)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"status":   scriptStatus,
			"head":     scriptHead,
			"patch":    scriptPatch,
			"compress": scriptCompress,
			"split":    scriptSplit,
			"tail":     scriptTail,
		},
	})
}

// scriptStatus is "status N COMMAND ARGS...": the command's exit status is N.
func scriptStatus(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: status N command args...")
	}
	err := ts.Exec(args[1], args[2:]...)
	status := 0
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		status = exit.ExitCode()
	case err != nil:
		ts.Fatalf("%v", err)
	}
	if strconv.Itoa(status) != args[0] {
		ts.Fatalf("exit status %d, want %s", status, args[0])
	}
}

// scriptHead is "head N IN OUT": the first N octets of a file.
func scriptHead(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: head N in out")
	}
	n, err := strconv.Atoi(args[0])
	ts.Check(err)
	data := ts.ReadFile(args[1])
	ts.Check(os.WriteFile(ts.MkAbs(args[2]), []byte(data[:n]), 0o666))
}

// scriptPatch is "patch FILE OFFSET HEX": octets in the middle of a file.
func scriptPatch(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: patch file offset hex")
	}
	at, err := strconv.Atoi(args[1])
	ts.Check(err)
	octets, err := hex.DecodeString(args[2])
	ts.Check(err)
	data := []byte(ts.ReadFile(args[0]))
	copy(data[at:], octets)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), data, 0o666))
}

// scriptCompress is "compress HOW IN OUT"; how is gzip, zstd or bzip2.
func scriptCompress(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: compress how in out")
	}
	data, err := capfile.CompressAll([]byte(ts.ReadFile(args[1])), args[0])
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[2]), data, 0o666))
}

// scriptSplit is "split N IN OUT": a pcap file as N files, OUT1 and so on, of as
// many packets.
func scriptSplit(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: split n in out")
	}
	n, err := strconv.Atoi(args[0])
	ts.Check(err)
	ts.Check(os.MkdirAll(filepath.Dir(ts.MkAbs(args[2])), 0o777))
	for i, part := range splitPcap([]byte(ts.ReadFile(args[1])), n) {
		ts.Check(os.WriteFile(ts.MkAbs(args[2]+strconv.Itoa(i+1)), part, 0o666))
	}
}

// splitPcap makes n pcap files of one, of as many packets.
func splitPcap(data []byte, n int) (parts [][]byte) {
	const header, record = 24, 16
	var ends []int
	for at := header; at < len(data); {
		at += record + int(binary.LittleEndian.Uint32(data[at+8:]))
		ends = append(ends, at)
	}
	from := header
	for i := range n {
		to := ends[len(ends)*(i+1)/n-1]
		parts = append(parts, append(slices.Clone(data[:header]), data[from:to]...))
		from = to
	}
	return parts
}

// scriptTail is "tail IN OUT": a file without its first line.
func scriptTail(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: tail in out")
	}
	_, rest, _ := strings.Cut(ts.ReadFile(args[0]), "\n")
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(rest), 0o666))
}
