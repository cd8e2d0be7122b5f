package command

import (
	"fmt"
	"io"

	"netramet/ruleset/library"
)

// ListRules prints the shipped rule sets, a line each.
func ListRules(w io.Writer) error {
	width := 0
	for _, s := range library.Sets() {
		width = max(width, len(s.Usage()))
	}
	for _, s := range library.Sets() {
		if _, err := fmt.Fprintf(w, "%-*s  %s\n", width, s.Usage(), s.Summary); err != nil {
			return err
		}
	}
	return nil
}

// PrintRules prints the text of shipped rule sets, all names being right or none
// printed.
func PrintRules(w io.Writer, names []string) error {
	var texts [][]byte
	for _, name := range names {
		if !library.Names(name) {
			return fmt.Errorf("--rules %s: it prints shipped rule sets, whose names begin with @", name)
		}
		text, err := library.Source(name)
		if err != nil {
			return fmt.Errorf("--rules %w", err)
		}
		texts = append(texts, text)
	}
	for i, text := range texts {
		if i > 0 {
			text = append([]byte("\n"), text...)
		}
		if _, err := w.Write(text); err != nil {
			return err
		}
	}
	return nil
}
