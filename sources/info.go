package sources

import (
	"netramet/sources/wire"
)

// Informer is what a Source also is if it can say what its trace is.
type Informer interface {
	// Info returns what is known up to the last Read.
	Info() Info
}

// Info is what a trace says of itself, beside its packets.
type Info struct {
	Format      string          // its name in Formats
	Variant     string          // what is special about it in its format; "" for nothing
	Compression []string        // what was undone, the innermost first; empty: nothing
	SnapLen     uint32          // of the whole trace; 0 if it tells none
	LinkTypes   []wire.LinkType // that a header names for all packets
	Section     wire.Section
	// Interfaces are those that carry packets, the first one that of
	// Options.FirstInterface; empty where the format does not describe them.
	Interfaces []wire.Interface
}

// teller is a parser whose format describes interfaces.
type teller interface {
	// tell adds what was learned since it was last called.
	tell(*Info)
}

// Info implements Informer.
func (t *trace) Info() Info {
	t.mu.Lock()
	defer t.mu.Unlock()
	d := t.info
	d.Interfaces = append([]wire.Interface(nil), d.Interfaces...)
	return d
}

// InterfaceNames implements Namer.
func (t *trace) InterfaceNames() []string {
	var names []string
	for _, i := range t.Info().Interfaces {
		names = append(names, i.Name)
	}
	return names
}

// storedOctets are the octets on the wire as a record has them, of what capture
// programs count as the frame: without the header that some link types put before
// it.
func storedOctets(link wire.LinkType, onWire uint32) uint64 {
	before := uint32(0)
	switch link {
	case wire.LinkPPPWithDir:
		before = 1
	case wire.LinkSunATM, 139, 201, 254: // MTP2 and Bluetooth with pseudo-headers
		before = 4
	case 196, 209: // SITA, I2C
		before = 5
	case 245: // NFC
		before = 2
	}
	return uint64(onWire - min(before, onWire))
}
