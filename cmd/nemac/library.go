package main

import (
	"fmt"
	"io"
	"slices"

	"netramet/internal/command"
	"netramet/ruleset/library"
)

// asksLibrary reports whether a command line is about the shipped rule sets
// themselves: --rules, the long name of -r, with them or nothing behind it and no
// meter that should run them.
func asksLibrary(args []string, env func(string) string) bool {
	if len(args) == 0 || args[0] != "--rules" || len(args) > 1 && env("NEMAC_METER") != "" {
		return false
	}
	return !slices.ContainsFunc(args[1:], func(arg string) bool { return !library.Names(arg) })
}

// showLibrary lists the shipped rule sets, or prints those that have names.
func showLibrary(names []string, w io.Writer) error {
	if len(names) > 0 {
		return command.PrintRules(w, names)
	}
	if err := command.ListRules(w); err != nil {
		return err
	}
	_, err := fmt.Fprint(w, "\nnemac -r @hosts METER COMMUNITY runs one; several -r run several.\nnemac --rules @hosts prints it, as a start for one of your own.\n")
	return err
}
