package traceinfo

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"netramet/internal/plaintext"
)

// line is a fact of a report as people read it.
type line struct{ what, value string }

// WriteText prints the report as people read it, in columns.
func (r *Report) WriteText(w io.Writer) error {
	out := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(out, plaintext.Clean(r.File))
	for _, l := range r.lines() {
		if l.value != "" {
			fmt.Fprintf(out, "  %s\t%s\n", l.what, l.value)
		}
	}
	if err := out.Flush(); err != nil {
		return err
	}
	return r.writeTables(w)
}

// lines are the facts, those that a trace has not empty.
func (r *Report) lines() []line {
	list := []line{
		{"format", join(r.Format, r.Variant)},
		{"compression", r.Compression},
		{"link type", r.LinkType},
		{"snapshot length", some(r.SnapLen)},
		{"packets", fmt.Sprint(r.Packets)},
		{"octets", fmt.Sprintf("%d on the wire, %d captured", r.Octets, r.Captured)},
	}
	if r.Packets > 0 {
		list = append(list,
			line{"packet size", fmt.Sprintf("%d to %d octets, %.1f on average; up to %d captured", r.Shortest, r.Longest, float64(r.Octets)/float64(r.Packets), r.Most)},
			line{"cut", fmt.Sprintf("%d packets are not all there", r.Cut)})
	}
	if r.Start != nil {
		list = append(list, line{"start", r.StartTime}, line{"end", r.EndTime}, line{"duration", r.Duration.String() + " s"},
			line{"out of order", fmt.Sprintf("%d packets are stamped before the one before them", r.OutOfOrder)})
	}
	if r.PacketRate > 0 {
		list = append(list, line{"rate", fmt.Sprintf("%.2f packets/s, %.2f octets/s", r.PacketRate, r.OctetRate)})
	}
	more := ""
	if r.MoreFlows {
		more = "more than "
	}
	list = append(list, line{"flows", fmt.Sprintf("%s%d by addresses, protocol and ports, both directions as one", more, r.Flows)},
		line{"dropped", number(r.Dropped, "packets, before the trace was written")},
		line{"without a time", number(r.Untimed, "packets")},
		line{"contradictions", number(r.Odd, "records contradict themselves")},
		line{"skipped", number(r.Skipped, "records hold packets that are not read")})
	if s := r.Section; s != nil {
		list = append(list, line{"comment", plaintext.Clean(s.Comment)}, line{"hardware", plaintext.Clean(s.Hardware)},
			line{"system", plaintext.Clean(s.System)}, line{"application", plaintext.Clean(s.Application)})
	}
	if r.Damaged {
		list = append(list, line{"damaged", "yes: what is above is what could be read"})
	}
	return append(list, line{"error", r.Error})
}

// some is a number that there may be none of.
func some(n *uint32) string {
	if n == nil {
		return ""
	}
	return fmt.Sprint(*n)
}

// number is a count that is told if there is anything to tell.
func number(n uint64, what string) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("%d %s", n, what)
}

// join puts a comma between two words.
func join(a, b string) string {
	if b == "" {
		return a
	}
	return a + ", " + b
}

// writeTables prints what there are several of, one table each.
func (r *Report) writeTables(w io.Writer) error {
	var interfaces, links, peers, transports, ports, faults [][]string
	for _, i := range r.Interfaces {
		interfaces = append(interfaces, []string{fmt.Sprint(i.Number), fmt.Sprint(i.Packets), fmt.Sprint(i.Octets), i.LinkType,
			plaintext.Clean(strings.TrimRight(join(i.Name, join(i.Description, i.Comment)), ", "))})
	}
	for _, l := range r.LinkTypes {
		links = append(links, []string{fmt.Sprint(l.Number), fmt.Sprint(l.Packets), l.Name})
	}
	for _, p := range r.Peers {
		peers = append(peers, p.cells())
	}
	for _, p := range r.Transports {
		transports = append(transports, p.cells())
	}
	for _, p := range r.Ports {
		ports = append(ports, []string{fmt.Sprint(p.Port), fmt.Sprint(p.Packets), fmt.Sprint(p.Octets), p.Transport})
	}
	for _, f := range r.Faults {
		faults = append(faults, []string{"", fmt.Sprint(f.Packets), f.Why})
	}
	if len(links) < 2 {
		links = nil // which the line above has said
	}
	out := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	for _, t := range []struct {
		head []string
		rows [][]string
	}{
		{[]string{"link type", "packets", "name"}, links},
		{[]string{"interface", "packets", "octets", "link type", "name"}, interfaces},
		{[]string{"peer type", "packets", "octets", "name"}, peers},
		{[]string{"transport", "packets", "octets", "name"}, transports},
		{[]string{"port", "packets", "octets", "transport"}, ports},
		{[]string{"undecoded", "packets", "why"}, faults},
	} {
		if len(t.rows) == 0 {
			continue
		}
		for _, row := range append([][]string{t.head}, t.rows...) {
			last := len(row) - 1
			if row[last] != "" {
				row[last] = "  " + row[last]
			}
			fmt.Fprintf(out, "%s\t%s\n", strings.Join(row[:last], "\t"), row[last])
		}
		if err := out.Flush(); err != nil {
			return err
		}
	}
	return nil
}

func (p Protocol) cells() []string {
	return []string{fmt.Sprint(p.Number), fmt.Sprint(p.Packets), fmt.Sprint(p.Octets), p.Name}
}
