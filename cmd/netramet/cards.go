package main

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"netramet/internal/direction"
	"netramet/sources/dag"
)

// isCard reports whether what -C names is a DAG card.
func isCard(uri string) bool { return strings.HasPrefix(uri, dag.Prefix) }

// readsCards reports whether -C names cards, which are metered live.
func (o *options) readsCards() bool { return slices.ContainsFunc(o.traces, isCard) }

// checkCards reads what -C says of cards.
func (o *options) checkCards() error {
	for _, uri := range o.traces {
		if !isCard(uri) {
			return fmt.Errorf("-C %s: cards and files are not metered together", uri)
		}
		card, err := dag.ParseURI(uri)
		if err != nil {
			return fmt.Errorf("-C %w", err)
		}
		o.cards = append(o.cards, card)
	}
	return nil
}

// openCards opens the DAG cards of -C and begins the meter's time.
func (o *options) openCards(note func(string)) (link, error) {
	var err error
	if o.direction, err = direction.Open(o.directionBy); err != nil {
		return nil, fmt.Errorf("--direction: %w", err)
	}
	src, err := dag.Open(dag.Options{Cards: o.cards, FCS: o.checkSequence()})
	if err != nil {
		return nil, err
	}
	o.beginTime(note)
	return src, nil
}

// linkNames are the interfaces of -i, or the cards of -C.
func (o *options) linkNames() []string {
	if !o.readsCards() {
		return o.live.interfaces
	}
	var names []string
	for _, c := range o.cards {
		names = append(names, filepath.Base(c.Device))
	}
	return names
}
