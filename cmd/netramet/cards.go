package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"netramet/internal/reading"
	"netramet/sources"
	"netramet/sources/dag"
	"netramet/sources/join"
)

// isCard reports whether what -C names is a DAG card.
func isCard(uri string) bool { return strings.HasPrefix(uri, dag.Prefix) }

// openCards opens the DAG cards of -C, which are all that it names.
func (o *options) openCards(ctx context.Context) (sources.Source, error) {
	opt := dag.Options{FCS: o.checkSequence()}
	for _, uri := range o.traces {
		if !isCard(uri) {
			return nil, fmt.Errorf("-C %s: cards and files are not metered together", uri)
		}
		card, err := dag.ParseURI(uri)
		if err != nil {
			return nil, fmt.Errorf("-C %w", err)
		}
		opt.Cards = append(opt.Cards, card)
		o.parts = append(o.parts, join.Part{URI: card.Device, Path: card.Device})
	}
	switch {
	case o.merge:
		return nil, fmt.Errorf("--merge: it is for files, and -C %s is a card", o.traces[0])
	case o.follow:
		return nil, fmt.Errorf("--follow: it is for a file, and -C %s is a card, which has no end", o.traces[0])
	}
	if o.window != nil {
		o.window.Ends = true
	}
	return reading.OpenWith(ctx, func() (sources.Source, error) {
		src, err := dag.Open(opt)
		if err != nil {
			return nil, err
		}
		return src, nil
	})
}

// readsCards reports whether -C names cards.
func (o *options) readsCards() bool { return slices.ContainsFunc(o.traces, isCard) }
