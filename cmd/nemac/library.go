package main

import (
	"fmt"
	"io"

	"netramet/internal/command"
)

// listLibrary lists the shipped rule sets: what --rules does alone, for it is the
// long name of -r.
func listLibrary(w io.Writer) error {
	if err := command.ListRules(w); err != nil {
		return err
	}
	_, err := fmt.Fprint(w, "\nnemac -r @hosts METER COMMUNITY runs one; several -r run several.\nnetramet --rules @hosts prints it, as a start for one of your own.\n")
	return err
}
