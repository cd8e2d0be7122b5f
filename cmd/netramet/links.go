package main

import (
	"errors"
	"fmt"
	"strings"

	"netramet/meter"
	"netramet/meter/control"
	"netramet/sources/wire"
)

// maxLinks is how many link types of a trace are named.
const maxLinks = 8

// seenLinks are the link types of a trace's frames, in order of first
// appearance.
type seenLinks struct {
	last  wire.LinkType
	types []wire.LinkType
}

// note is the stage that looks at frames as they are read.
func (s *seenLinks) note(b *wire.Batch) error {
	for i := range b.Frames {
		if t := b.Frames[i].LinkType; t != s.last || len(s.types) == 0 {
			s.add(t)
		}
	}
	for i := range b.Records {
		if t := b.Records[i].Frame.LinkType; t != s.last || len(s.types) == 0 {
			s.add(t)
		}
	}
	return nil
}

func (s *seenLinks) add(t wire.LinkType) {
	s.last = t
	for _, known := range s.types {
		if known == t {
			return
		}
	}
	if len(s.types) < maxLinks {
		s.types = append(s.types, t)
	}
}

// unmetered is the error of a trace of which no packet could be metered, for
// its link types are not supported.
func (s *seenLinks) unmetered(m *control.Meter) error {
	var c meter.Counts
	m.View(func(s *control.State) { c = s.Counts() })
	if c.Unsupported == 0 || c.Unsupported+c.SampledOut < c.Packets {
		return nil
	}
	var names []string
	for _, t := range s.types {
		names = append(names, linkName(t))
	}
	return unmetered(strings.Join(names, ", "))
}

// unmetered is the error of link types that are not supported.
type unmetered string

func (u unmetered) Error() string {
	return fmt.Sprintf("no packet could be metered: link type %s is not supported", string(u))
}

func (u unmetered) Is(target error) bool { return target == errors.ErrUnsupported }

// foreignLinks are names that capture programs show of link types which the
// meter does not read.
var foreignLinks = map[wire.LinkType]string{
	3: "ax25", 114: "localtalk", 143: "docsis", 187: "bluetooth-hci-h4",
	189: "usb-linux", 195: "ieee802.15.4", 197: "erf", 201: "bluetooth-hci-h4-phdr",
	220: "usb-linux-mmapped", 227: "can", 230: "ieee802.15.4-nofcs",
	243: "mpegts", 249: "usbpcap", 251: "bluetooth-le", 253: "netlink", 256: "bluetooth-le-phdr",
}

// linkName names a link type with its number.
func linkName(t wire.LinkType) string {
	if n, ok := foreignLinks[t]; ok {
		return fmt.Sprintf("%s (%d)", n, uint16(t))
	}
	return t.String()
}
