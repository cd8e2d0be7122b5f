// Package direction tells packets that come into a site from those that leave it,
// by lists of what is inside: networks, or MAC addresses. The direction takes the
// place of the number of the interface, so that rules which tell interfaces apart,
// as on a link with a tap for each direction, tell directions apart.
//
// It owns the lists and their text form. The reading stage calls it.
package direction

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"strings"

	"github.com/gaissmai/bart"

	"netramet/meter/packet"
	"netramet/mib"
	"netramet/sources/wire"
)

// The directions, as interface numbers.
const (
	In    uint8 = 1 + iota // from elsewhere to inside
	Out                    // from inside to elsewhere
	Other                  // both ends are inside, or none, or the packet has no such addresses
)

// Names returns what the directions are called, in the order of their numbers.
func Names() []string { return []string{"in", "out", "other"} }

// Tagger finds the direction of frames. One goroutine uses it.
type Tagger struct {
	nets *bart.Lite // nil: macs
	macs map[[6]byte]struct{}
	p    packet.Packet
}

// Check says what is wrong with the text of the option, which Open takes, without
// opening anything.
func Check(spec string) error {
	_, _, err := split(spec)
	return err
}

// Path is the file that the text of the option names, "" if it names none.
func Path(spec string) string {
	_, path, _ := split(spec)
	return path
}

func split(spec string) (kind, path string, err error) {
	kind, path, _ = strings.Cut(spec, ":")
	if kind == "interface" && path == "" || (kind == "nets" || kind == "macs") && path != "" {
		return kind, path, nil
	}
	return "", "", errors.New("it is interface, nets:FILE or macs:FILE")
}

// Open reads the list that "nets:FILE" or "macs:FILE" names. For "interface", the
// interfaces that the trace tells are the directions, and the Tagger is nil.
func Open(spec string) (*Tagger, error) {
	kind, path, err := split(spec)
	if err != nil || kind == "interface" {
		return nil, err
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	t := &Tagger{}
	if kind == "nets" {
		t.nets, err = readNets(file)
	} else {
		t.macs, err = readMACs(file)
	}
	if err != nil {
		return nil, fmt.Errorf("%s:%w", path, err)
	}
	return t, nil
}

// Run is the stage of reading that puts the direction in the place of each frame's
// interface, and of those of records.
func (t *Tagger) Run(b *wire.Batch) error {
	for i := range b.Frames {
		b.Frames[i].Interface = t.Of(&b.Frames[i])
	}
	for i := range b.Records {
		r := &b.Records[i]
		r.Frame.Interface, r.Exporter.Interface = t.Of(&r.Frame), [2]uint32{}
	}
	return nil
}

// Of is the direction of a frame.
func (t *Tagger) Of(f *wire.Frame) uint8 {
	p := &t.p
	p.DecodeNet(f)
	var inside [2]bool // source, dest
	switch {
	case t.nets == nil:
		if p.DecodeRest(f); p.Rest.AdjacentType == mib.AdjacentEthernet {
			for i := range inside {
				_, inside[i] = t.macs[[6]byte(p.Rest.AdjacentAddress[i][:])]
			}
		}
	case p.PeerType == mib.PeerIPv4 && p.PeerLen == 4:
		for i := range inside {
			inside[i] = t.nets.Contains(netip.AddrFrom4([4]byte(p.PeerAddress[i][:])))
		}
	case p.PeerType == mib.PeerIPv6 && p.PeerLen == 16:
		for i := range inside {
			inside[i] = t.nets.Contains(netip.AddrFrom16([16]byte(p.PeerAddress[i][:])))
		}
	}
	switch inside {
	case [2]bool{true, false}:
		return Out
	case [2]bool{false, true}:
		return In
	}
	return Other
}
