// Command smigen turns mib/objects.txt, the project's short form of the SNMP
// objects it speaks of, into mib/zobjects.go. It is run by go generate ./mib;
// nothing else calls it, and it opens nothing but its operand and its output.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
)

func main() {
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

// run generates: smigen [-o FILE] OBJECTS.
func run(args []string, stdout, stderr io.Writer) int {
	fs := flag.NewFlagSet("smigen", flag.ContinueOnError)
	fs.SetOutput(stderr)
	out := fs.String("o", "", "write to `file` instead of standard output")
	if err := fs.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return 0
		}
		return 2
	}
	if fs.NArg() != 1 {
		fmt.Fprintln(stderr, "usage: smigen [-o file] objects.txt")
		return 2
	}
	if err := generate(fs.Arg(0), *out, stdout); err != nil {
		fmt.Fprintln(stderr, "smigen:", err)
		return 1
	}
	return 0
}

func generate(in, out string, stdout io.Writer) error {
	text, err := os.ReadFile(in)
	if err != nil {
		return err
	}
	m, err := parse(string(text))
	if err != nil {
		return fmt.Errorf("%s: %w", in, err)
	}
	code, err := m.emit()
	if err != nil {
		return err
	}
	if out == "" {
		_, err = stdout.Write(code)
		return err
	}
	return os.WriteFile(out, code, 0o644)
}
