package traceinfo

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"netramet/meter/packet"
	"netramet/mib"
	"netramet/ruleset"
	"netramet/sources"
	"netramet/sources/wire"
)

// maxPorts is how many of the busiest ports are told.
const maxPorts = 10

// Report is what is told of one trace. Its JSON has these names in this order.
type Report struct {
	File        string   `json:"file"`
	Format      string   `json:"format"`      // "" where the file could not be opened
	Variant     string   `json:"variant"`     // "" for nothing special
	Compression string   `json:"compression"` // "none", or what was undone, the innermost first
	LinkType    string   `json:"linktype"`    // of packets, or, without any, what the header says
	SnapLen     *uint32  `json:"snaplen"`     // null where the file tells none
	Packets     uint64   `json:"packets"`
	Octets      uint64   `json:"octets"` // on the wire, as the records have it
	Captured    uint64   `json:"captured_octets"`
	Start       *Seconds `json:"start"` // earliest stamp; null where no packet has one
	End         *Seconds `json:"end"`   // latest stamp
	Duration    *Seconds `json:"duration_s"`
	Damaged     bool     `json:"damaged"`
	Error       string   `json:"error"` // what ended the reading before the trace's end

	StartTime  string  `json:"start_time"` // RFC 3339, UTC
	EndTime    string  `json:"end_time"`
	PacketRate float64 `json:"packets_per_s"`
	OctetRate  float64 `json:"octets_per_s"`
	Shortest   uint32  `json:"shortest"` // octets on the wire, as all that follows
	Longest    uint32  `json:"longest"`
	Most       uint32  `json:"longest_captured"`
	Cut        uint64  `json:"cut"`          // packets of which less was captured than was on the wire
	Longer     uint64  `json:"longer"`       // of which more was captured
	OutOfOrder uint64  `json:"out_of_order"` // packets that are stamped before the one before them
	Untimed    uint64  `json:"untimed"`      // packets without a time
	Dropped    uint64  `json:"dropped"`      // packets lost before the trace was written, as it tells
	DamagedRec uint64  `json:"damaged_records"`
	Skipped    uint64  `json:"skipped_records"` // that hold packets which are not read
	Odd        uint64  `json:"odd_records"`     // that contradict themselves

	Flows     uint64 `json:"flows"`           // 5-tuples, both directions being one
	MoreFlows bool   `json:"flows_uncounted"` // there are more, which were not counted

	LinkTypes  []Link      `json:"linktypes"`
	Interfaces []Interface `json:"interfaces"`
	Peers      []Protocol  `json:"peer_types"`
	Transports []Protocol  `json:"transports"`
	Ports      []Port      `json:"ports"` // the busiest
	Faults     []Fault     `json:"undecoded"`
	Section    *Section    `json:"section"` // null where the trace says nothing of itself
}

// Link is a link type of packets.
type Link struct {
	Number  uint16 `json:"number"`
	Name    string `json:"name"`
	Packets uint64 `json:"packets"`
}

// Interface is one that packets were captured on.
type Interface struct {
	Number      int    `json:"number"`
	Name        string `json:"name"`
	Description string `json:"description"`
	Comment     string `json:"comment"`
	LinkType    string `json:"linktype"`
	SnapLen     uint32 `json:"snaplen"` // 0: none is told
	Packets     uint64 `json:"packets"`
	Octets      uint64 `json:"octets"`
}

// Protocol is a peer type or a transport.
type Protocol struct {
	Number  int    `json:"number"`
	Name    string `json:"name"`
	Packets uint64 `json:"packets"`
	Octets  uint64 `json:"octets"`
}

// Port is a port of a transport; a packet counts at both of its ports.
type Port struct {
	Transport string `json:"transport"`
	Port      int    `json:"port"`
	Packets   uint64 `json:"packets"`
	Octets    uint64 `json:"octets"`
}

// Fault is why packets were not decoded to the end.
type Fault struct {
	Why     string `json:"why"`
	Packets uint64 `json:"packets"`
}

// Section is what a trace says of the capture.
type Section struct {
	Comment     string `json:"comment"`
	Hardware    string `json:"hardware"`
	System      string `json:"system"`
	Application string `json:"application"`
}

// Seconds is a time or a length of it in nanoseconds; in JSON it is a number of
// seconds with nine decimals.
type Seconds int64

// String is the number with nine decimals.
func (s Seconds) String() string {
	sign, n := "", uint64(s)
	if s < 0 {
		sign, n = "-", -n
	}
	return fmt.Sprintf("%s%d.%09d", sign, n/1e9, n%1e9)
}

// MarshalJSON implements json.Marshaler.
func (s Seconds) MarshalJSON() ([]byte, error) { return []byte(s.String()), nil }

// Unopened is the report of a file that could not be opened.
func Unopened(file string, err error) *Report {
	return &Report{
		File: file, Error: err.Error(), Damaged: errors.Is(err, sources.ErrDamaged), Compression: "none",
		// In JSON what is empty is [], not null.
		LinkTypes: []Link{}, Interfaces: []Interface{}, Peers: []Protocol{}, Transports: []Protocol{}, Ports: []Port{}, Faults: []Fault{},
	}
}

// Report says what was collected of a source, which err ended; nil is its end.
func (c *Collector) Report(file string, src sources.Source, err error) *Report {
	st := src.Stats()
	r := &Report{
		File: file, Compression: "none", LinkTypes: []Link{}, Interfaces: []Interface{}, Packets: c.packets, Octets: st.Stored, Captured: c.captured,
		Damaged: st.Damaged > 0 || errors.Is(err, sources.ErrDamaged), Most: c.most, Longest: c.longest,
		Cut: c.cut, Longer: c.longer, OutOfOrder: c.times.back, Untimed: c.packets - c.times.stamped,
		Dropped: st.Dropped, DamagedRec: st.Damaged, Skipped: st.Skipped, Odd: st.Odd,
		Flows: uint64(len(c.flows)), MoreFlows: c.moreFlows,
		Peers: protocols(&c.peers, peerName), Transports: protocols(&c.transports, ruleset.ProtocolName), Ports: c.busiest(), Faults: c.undecoded(),
	}
	if st.Stored == 0 {
		r.Octets = c.octets // a source of no records
	}
	if c.packets > 0 {
		r.Shortest = c.shortest
	}
	if err != nil {
		r.Error = err.Error()
	}
	var info sources.Info
	if s, ok := src.(sources.Informer); ok {
		info = s.Info()
	}
	r.describe(info)
	r.span(&c.times)
	var links []string
	for _, l := range c.links {
		links = append(links, l.link.String())
		r.LinkTypes = append(r.LinkTypes, Link{uint16(l.link), l.link.String(), l.packets})
	}
	if len(links) == 0 {
		for _, t := range info.LinkTypes { // of a trace without packets
			links = append(links, t.String())
		}
	}
	r.LinkType = strings.Join(links, ", ")
	for n := range c.interfaces {
		if in := &c.interfaces[n]; in.packets > 0 {
			r.Interfaces = append(r.Interfaces, about(n, in, info.Interfaces))
		}
	}
	return r
}

// describe takes what the trace says of itself.
func (r *Report) describe(info sources.Info) {
	r.Format, r.Variant = info.Format, info.Variant
	if len(info.Compression) > 0 {
		r.Compression = strings.Join(info.Compression, " in ")
	}
	if info.SnapLen > 0 {
		r.SnapLen = &info.SnapLen
	}
	if info.Section != (wire.Section{}) {
		s := Section(info.Section)
		r.Section = &s
	}
}

// span tells the time from the earliest stamp to the latest.
func (r *Report) span(t *times) {
	if t.stamped == 0 {
		return
	}
	start, end, length := Seconds(t.min), Seconds(t.max), Seconds(t.max-t.min)
	r.Start, r.End, r.Duration = &start, &end, &length
	r.StartTime, r.EndTime = date(t.min), date(t.max)
	if length > 0 {
		s := float64(length) / 1e9
		r.PacketRate, r.OctetRate = float64(r.Packets)/s, float64(r.Octets)/s
	}
}

func peerName(n uint8) string { return mib.PeerType(n).Name() }

func date(at int64) string { return time.Unix(0, at).UTC().Format("2006-01-02T15:04:05.000000000Z") }

// about is an interface, with what the trace says of it.
func about(n int, in *interfaceCount, all []wire.Interface) Interface {
	i := Interface{Number: n, LinkType: in.link.String(), Packets: in.packets, Octets: in.octets}
	if n > 0 && n <= len(all) {
		a := all[n-1]
		i.Name, i.Description, i.Comment, i.SnapLen = a.Name, a.Description, a.Comment, a.SnapLen
	}
	return i
}

// protocols are those that packets are of, the busiest first.
func protocols(counts *[256]count, name func(uint8) string) (list []Protocol) {
	list = []Protocol{}
	for n, c := range counts {
		if c.packets > 0 {
			list = append(list, Protocol{n, name(uint8(n)), c.packets, c.octets})
		}
	}
	slices.SortStableFunc(list, func(a, b Protocol) int { return cmp.Compare(b.Packets, a.Packets) })
	return list
}

// busiest are the ports with the most packets.
func (c *Collector) busiest() (list []Port) {
	list = []Port{}
	for i := range c.ports {
		for port, n := range c.ports[i] {
			if n.packets > 0 {
				list = append(list, Port{ruleset.ProtocolName(portProtocols[i]), port, n.packets, n.octets})
			}
		}
	}
	slices.SortStableFunc(list, func(a, b Port) int {
		return cmp.Or(cmp.Compare(b.Packets, a.Packets), cmp.Compare(b.Octets, a.Octets))
	})
	return list[:min(len(list), maxPorts)]
}

// undecoded are the faults of packets.
func (c *Collector) undecoded() (list []Fault) {
	list = []Fault{}
	for i, n := range c.faults {
		if f := packet.Fault(i); f != packet.FaultNone && n > 0 {
			list = append(list, Fault{f.String(), n})
		}
	}
	return list
}

// AppendJSON appends the report as one line.
func (r *Report) AppendJSON(line []byte) ([]byte, error) {
	text, err := json.Marshal(r)
	return append(append(line, text...), '\n'), err
}
