package main

import (
	"fmt"
	"strings"

	"netramet/internal/command"

	"github.com/spf13/pflag"
)

// declareLibrary declares --rules, which shows the shipped rule sets.
func (o *options) declareLibrary(f *pflag.FlagSet) {
	f.Var(&o.library, "rules", "list the shipped rule sets, which are named in place of rule files, or print those that are operands, and end")
	f.Lookup("rules").NoOptDefVal = "true"
}

// libraryFlag is --rules: whether it was given, and the name that it was given with.
type libraryFlag struct {
	asked bool
	name  string
}

// Set implements pflag.Value; Source refuses what is no name.
func (l *libraryFlag) Set(text string) error {
	if l.asked = true; text != "true" {
		l.name = text
	}
	return nil
}

func (l *libraryFlag) String() string { return l.name }

// Type implements pflag.Value: help shows the option as one without a value.
func (l *libraryFlag) Type() string { return "bool" }

// checkLibrary checks what goes with --rules.
func (o *options) checkLibrary(f *pflag.FlagSet) error {
	if name := others(f, []string{"rules"}); name != "" {
		return fmt.Errorf("%s does not go with --rules, which prints shipped rule sets; to meter by one, name it as an operand: netramet -C TRACE @hosts", name)
	}
	return nil
}

// showLibrary lists the shipped rule sets, or prints those that were asked for.
func showLibrary(o *options, std stdio) error {
	names := o.rules
	if o.library.name != "" {
		names = append([]string{o.library.name}, names...)
	}
	if len(names) > 0 {
		return command.PrintRules(std.out, names)
	}
	if err := command.ListRules(std.out); err != nil {
		return err
	}
	_, err := fmt.Fprint(std.out, "\n", strings.TrimSpace(libraryHint), "\n")
	return err
}

const libraryHint = `
netramet -C TRACE @hosts meters a trace by one; several are one run. nemac takes
them with -r. netramet --rules @hosts prints it, as a start for one of your own.
`
