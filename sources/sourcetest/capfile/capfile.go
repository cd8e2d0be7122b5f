// Package capfile writes frames to capture files for tests: pcap, pcapng, ERF and
// snoop in every variant that the sources read, plain or compressed.
//
// It writes what it is told, also what no capture program writes any more,
// and never reads a file. Tests and tracegen use it. Its encoders share
// nothing with the readers they test.
package capfile

import (
	"encoding/binary"
	"fmt"
	"io"
	"strings"

	"netramet/sources/internal/layout"
	"netramet/sources/wire"
)

// Writer writes frames to a capture file. It holds no file handle and no
// buffer: give it a bufio.Writer, and flush that at the end.
type Writer interface {
	// Write writes one frame. It does not keep f or its Data.
	Write(f *wire.Frame) error
}

// Order is the byte order of a file's numbers.
type Order = layout.Order

// Format is a named variant of a capture file.
type Format struct {
	Name string
	// Timeless: the records have no time.
	Timeless bool
	// OneInterface: the records do not tell the interface.
	OneInterface bool
	// Micro: times have whole microseconds only; the rest is cut off.
	Micro bool
	// Ethernet: nothing else can be written.
	Ethernet bool
	// Ports is the most interfaces that the records tell apart; 0 is no limit.
	Ports int

	open func(w io.Writer, ifs []Interface) (Writer, error)
}

// Interface describes one capture interface; frames name it by its number,
// from 1.
type Interface struct {
	Name     string // pcapng only; "" is none
	LinkType wire.LinkType
	SnapLen  uint32 // 0 is no limit
}

// New starts a file for frames of the given interfaces. A format with
// OneInterface uses the link type and snap length of the first.
func (f Format) New(w io.Writer, ifs ...Interface) (Writer, error) {
	if len(ifs) == 0 || len(ifs) > 255 || f.Ports > 0 && len(ifs) > f.Ports {
		return nil, fmt.Errorf("capfile: %s: %d interfaces", f.Name, len(ifs))
	}
	for _, i := range ifs {
		if f.Ethernet && i.LinkType != wire.LinkEthernet {
			return nil, fmt.Errorf("capfile: %s: link type %v", f.Name, i.LinkType)
		}
	}
	return f.open(w, ifs)
}

// Encode gives the whole file for the frames: every interface that occurs in
// them has the link type of its first frame, and the snap length of the
// longest frame if any is cut. Where a format has one interface, all frames
// must have one link type.
func (f Format) Encode(frames []wire.Frame) ([]byte, error) {
	ifs := interfaces(frames)
	for i := range frames {
		first := ifs[0]
		if n := frames[i].Interface; n > 0 && !f.OneInterface {
			first = ifs[n-1]
		}
		if frames[i].LinkType != first.LinkType {
			return nil, fmt.Errorf("capfile: %s: link types %v and %v on one interface", f.Name, first.LinkType, frames[i].LinkType)
		}
	}
	var out buffer
	w, err := f.New(&out, ifs...)
	if err != nil {
		return nil, err
	}
	for i := range frames {
		if err := w.Write(&frames[i]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// interfaces lists the interfaces of frames, at least one.
func interfaces(frames []wire.Frame) []Interface {
	ifs := []Interface{{LinkType: wire.LinkEthernet}}
	if len(frames) > 0 {
		ifs[0].LinkType = frames[0].LinkType // where no frame names interface 1
	}
	seen := map[uint8]bool{}
	var longest uint32
	cut := false
	for i := range frames {
		n := frames[i].Interface
		longest = max(longest, uint32(len(frames[i].Data)))
		cut = cut || len(frames[i].Data) < int(frames[i].WireLen)
		if n == 0 || seen[n] {
			continue
		}
		seen[n] = true
		for len(ifs) < int(n) {
			ifs = append(ifs, Interface{LinkType: wire.LinkEthernet})
		}
		ifs[n-1].LinkType = frames[i].LinkType
	}
	for i := range ifs {
		if cut {
			ifs[i].SnapLen = longest
		}
	}
	return ifs
}

type buffer []byte

func (b *buffer) Write(p []byte) (int, error) {
	*b = append(*b, p...)
	return len(p), nil
}

// Formats lists all variants: every one holds the same packets, except for
// what Timeless, OneInterface and Micro say.
func Formats() []Format {
	le, be := binary.LittleEndian, binary.BigEndian
	pcap := func(name string, o Pcap) Format {
		return Format{Name: name, OneInterface: true, Micro: !o.Nano,
			open: func(w io.Writer, ifs []Interface) (Writer, error) {
				o := o
				o.LinkType, o.SnapLen = ifs[0].LinkType, ifs[0].SnapLen
				return NewPcap(w, o)
			}}
	}
	ng := func(name string, o Pcapng) Format {
		return Format{Name: name, Timeless: o.Block == SimpleBlock, OneInterface: o.Block == SimpleBlock, Micro: o.Resolution == 6,
			open: func(w io.Writer, ifs []Interface) (Writer, error) {
				o := o
				o.Interfaces = ifs
				return NewPcapng(w, o)
			}}
	}
	erf := func(name string, o ERF) Format {
		return Format{Name: name, Ethernet: true, Ports: 4,
			open: func(w io.Writer, _ []Interface) (Writer, error) { return NewERF(w, o), nil }}
	}
	return []Format{
		pcap("pcap", Pcap{Order: le}),
		pcap("pcap-be", Pcap{Order: be}),
		pcap("pcap-ns", Pcap{Order: le, Nano: true}),
		pcap("pcap-ns-be", Pcap{Order: be, Nano: true}),
		pcap("pcap-modified", Pcap{Order: le, Records: Modified}),
		pcap("pcap-modified-be", Pcap{Order: be, Records: Modified}),
		pcap("pcap-redhat61", Pcap{Order: le, Records: RedHat61}),
		pcap("pcap-redhat61-be", Pcap{Order: be, Records: RedHat61}),
		pcap("pcap-suse63", Pcap{Order: le, Records: SuSE63}),
		pcap("pcap-suse63-be", Pcap{Order: be, Records: SuSE63}),
		pcap("pcap-nokia", Pcap{Order: le, Records: Nokia}),
		pcap("pcap-nokia-be", Pcap{Order: be, Records: Nokia}),
		ng("pcapng", Pcapng{Order: le, Resolution: 9}),
		ng("pcapng-be", Pcapng{Order: be, Resolution: 9}),
		ng("pcapng-us", Pcapng{Order: le, Resolution: 6}),
		ng("pcapng-binary", Pcapng{Order: le, Resolution: 0x80 | 33}),
		ng("pcapng-offset", Pcapng{Order: be, Resolution: 9, Offset: 1_000_000_000}),
		ng("pcapng-old", Pcapng{Order: le, Resolution: 9, Block: OldBlock}),
		ng("pcapng-old-be", Pcapng{Order: be, Resolution: 6, Block: OldBlock}),
		ng("pcapng-simple", Pcapng{Order: le, Resolution: 9, Block: SimpleBlock}),
		ng("pcapng-sections", Pcapng{Order: le, Resolution: 9, SectionEvery: 100}),
		ng("pcapng-extras", Pcapng{Order: le, Resolution: 9, Extras: true}),
		erf("erf", ERF{}),
		erf("erf-extensions", ERF{Extensions: 2, Provenance: true}),
		erf("erf-colour", ERF{Colour: true}),
		{Name: "snoop", OneInterface: true, Micro: true, Ethernet: true,
			open: func(w io.Writer, _ []Interface) (Writer, error) { return NewSnoop(w) }},
	}
}

// FormatByName finds a format of Formats; the error lists the names.
func FormatByName(name string) (Format, error) {
	var names []string
	for _, f := range Formats() {
		if f.Name == name {
			return f, nil
		}
		names = append(names, f.Name)
	}
	return Format{}, fmt.Errorf("capfile: no format %q; there are %s", name, strings.Join(names, ", "))
}
