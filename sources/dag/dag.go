// Package dag meters what Endace's DAG cards capture: it opens their streams and
// hands over the packets of the ERF records that the cards write to memory, where
// they lie there.
//
// It owns the streams, the order in which memory goes back to the cards, and the
// telling of loss by interface. It decodes nothing itself (sources.ERF does) and
// calls no library (sources/internal/dagapi does, in builds with the tag dag). The
// commands call Open; the meter's reading stage calls Read.
package dag

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"netramet/sources"
	"netramet/sources/wire"
)

const (
	// maxStreams is how many streams may be read together.
	maxStreams = 64
	// maxStreamNumber is the largest number of a stream that is let through to the
	// library, which knows how many a card has.
	maxStreamNumber = 1022
)

// Prefix begins the URI of a card.
const Prefix = "dag:"

// Card is a card and what of it is read.
type Card struct {
	Device     string // its path, as /dev/dag0
	Streams    []int  // receive streams, which have even numbers
	Parameters string // for dag_configure; empty leaves the card as it is
}

// Options say what Open opens.
type Options struct {
	Cards []Card
	// FCS says whether the lengths of Ethernet frames count a frame check sequence,
	// as ERF has it.
	FCS sources.FCS
	// FirstInterface is the number of the first card's first port. A card has
	// sources.ERFPorts numbers, whatever its ports. 0 is 1.
	FirstInterface uint8
	// Library is the path of libdag; empty is where the system's loader finds it.
	Library string
}

// ParseURI reads "dag:DEVICE[,STREAM]...[ PARAMETERS]": a path, or the name of a
// file in /dev; stream 0 if none is given; and behind a space what dag_configure
// is to set.
func ParseURI(uri string) (Card, error) {
	rest, ok := strings.CutPrefix(uri, Prefix)
	if !ok {
		return Card{}, fmt.Errorf("%s: is not %sDEVICE", uri, Prefix)
	}
	names, parameters, _ := strings.Cut(rest, " ")
	device, numbers, several := strings.Cut(names, ",")
	if device == "" {
		return Card{}, fmt.Errorf("%s: no device; as in %s/dev/dag0", uri, Prefix)
	}
	if !strings.Contains(device, "/") {
		device = "/dev/" + device
	}
	c := Card{Device: device, Streams: []int{0}, Parameters: strings.TrimSpace(parameters)}
	if !several {
		return c, nil
	}
	c.Streams = nil
	for text := range strings.SplitSeq(numbers, ",") {
		n, err := strconv.Atoi(text)
		switch {
		case err != nil || n < 0 || n > maxStreamNumber:
			return Card{}, fmt.Errorf("%s: %q is no stream: 0 to %d, as in %s/dev/dag0,0,2", uri, text, maxStreamNumber, Prefix)
		case n%2 != 0:
			return Card{}, fmt.Errorf("%s: stream %d transmits: those that receive have even numbers", uri, n)
		case slices.Contains(c.Streams, n):
			return Card{}, fmt.Errorf("%s: stream %d is named twice", uri, n)
		}
		c.Streams = append(c.Streams, n)
	}
	return c, nil
}

// checkCards checks cards against each other and the limits.
func checkCards(opt Options) error {
	streams := 0
	seen := map[string]bool{}
	for _, c := range opt.Cards {
		if seen[c.Device] {
			return fmt.Errorf("%s: is named twice; streams of one card go together: %s%s,0,2", c.Device, Prefix, c.Device)
		}
		seen[c.Device] = true
		streams += len(c.Streams)
	}
	first := int(max(opt.FirstInterface, 1))
	switch {
	case streams == 0:
		return errors.New("no DAG card")
	case streams > maxStreams:
		return fmt.Errorf("%d streams of DAG cards: at most %d are read together", streams, maxStreams)
	case first+sources.ERFPorts*len(opt.Cards)-1 > wire.MaxInterfaces:
		return fmt.Errorf("%d DAG cards: their ports have more than %d numbers", len(opt.Cards), wire.MaxInterfaces)
	}
	return nil
}

// Open opens all streams of all cards and starts them. Where one fails, those
// before it are closed again.
func Open(opt Options) (*Source, error) {
	if err := Supported(); err != nil {
		return nil, err
	}
	if err := checkCards(opt); err != nil {
		return nil, err
	}
	lib, err := load(opt.Library)
	if err != nil {
		return nil, err
	}
	s := newSource(opt)
	for i, c := range opt.Cards {
		if err := s.addCard(lib, i, c, opt); err != nil {
			return nil, errors.Join(err, s.Close())
		}
	}
	return s, nil
}

// addCard opens a card and its streams.
func (s *Source) addCard(lib library, i int, c Card, opt Options) error {
	card, err := lib.open(c.Device, c.Parameters)
	if err != nil {
		return err
	}
	s.cards = append(s.cards, card)
	streams := 0
	for _, c := range opt.Cards {
		streams += len(c.Streams)
	}
	for _, n := range c.Streams {
		m, err := card.attach(n, patience/time.Duration(streams))
		if err != nil {
			return err
		}
		s.addRing(fmt.Sprintf("%s stream %d", c.Device, n), m, i, opt.FCS)
	}
	return nil
}
