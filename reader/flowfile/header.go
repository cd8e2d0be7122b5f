package flowfile

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"time"

	"netramet/reader"
)

// OctetMode says which octets the counters of a file hold.
type OctetMode = reader.OctetMode

// The octet modes. A file of another program says nothing about it.
const (
	OctetsUnknown = reader.OctetsUnknown
	OctetsFrame   = reader.OctetsFrame
	OctetsPeer    = reader.OctetsPeer
)

// Zone says in which time zone a file's times of day are (decision 7).
type Zone uint8

// The zones. A file of another program says nothing about it.
const (
	ZoneUnknown Zone = iota
	ZoneUTC
	ZoneLocal
)

var zoneNames = [...]string{ZoneUnknown: "unknown", ZoneUTC: "UTC", ZoneLocal: "local"}

// String returns the zone's name in the header line.
func (z Zone) String() string {
	if int(z) < len(zoneNames) {
		return zoneNames[z]
	}
	return "zone(" + strconv.Itoa(int(z)) + ")"
}

// location is where the zone's times of day are read and printed. A file that
// names no zone is taken as UTC, so that it reads alike everywhere.
func (z Zone) location() *time.Location {
	if z == ZoneLocal {
		return time.Local
	}
	return time.UTC
}

// Header is what the first line of a file tells.
//
//	##NeTraMet v<Version>:  <Options>  <Meter> <Interface>  octets=<Octets> zone=<Zone>  <MaxFlows> flows  starting at <Start>
//
// Where counters are amounts, counters=amounts stands behind the zone.
//
// White space within a text is printed as one blank (in Meter as "_"), so that
// two blanks always separate the parts; an empty part is printed as "-".
type Header struct {
	Version   string
	Options   string // the command line's; whoever fills it leaves secrets out
	Meter     string // name in #Time and #EndData too
	Interface string // text about what is metered
	MaxFlows  int
	Octets    OctetMode
	Zone      Zone
	// Amounts says that the counters of records are what was added to them in the
	// interval. The formats say so, too: see Reader.Differences.
	Amounts bool
	// Start is when metering began, with its fraction of a second; if it is zero
	// the first collection's time is printed. Writer.SetStart sets it later.
	Start time.Time
}

const (
	headerMark = "##NeTraMet v"
	startMark  = "starting at "
	amountMark = " counters=amounts"
)

// appendHeader appends h as the header line with its newline.
func appendHeader(b []byte, h *Header) []byte {
	b = append(b, headerMark...)
	b = appendText(b, h.Version, ' ')
	b = append(b, ":  "...)
	b = appendText(b, h.Options, ' ')
	b = append(b, "  "...)
	b = appendText(b, h.Meter, '_')
	b = append(b, ' ')
	b = appendText(b, h.Interface, ' ')
	b = append(b, "  octets="...)
	b = append(b, h.Octets.String()...)
	b = append(b, " zone="...)
	b = append(b, h.Zone.String()...)
	if h.Amounts {
		b = append(b, amountMark...)
	}
	b = append(b, "  "...)
	b = strconv.AppendInt(b, int64(h.MaxFlows), 10)
	b = append(b, " flows  "+startMark...)
	b = appendDate(b, h.Start, h.Zone, startLayout)
	return append(b, '\n')
}

// appendText appends s as one part of an information line: runs of white
// space and control characters become one gap, nothing becomes "-". What is no UTF-8, as
// names of files may have it, becomes U+FFFD.
func appendText(b []byte, s string, gap byte) []byte {
	start, inGap := len(b), false
	for _, c := range []byte(strings.ToValidUTF8(s, "\ufffd")) {
		if c <= ' ' || c == 0x7f {
			inGap = len(b) > start
			continue
		}
		if inGap {
			b, inGap = append(b, gap), false
		}
		b = append(b, c)
	}
	if len(b) == start {
		b = append(b, '-')
	}
	return b
}

// Layouts of dates (RFC 2123 §4.1). In the header the day takes what it needs,
// and there is a fraction of a second, where it is not zero, so that uptimes
// lead to times exactly; in #Time the day takes two columns.
const (
	startLayout = "15:04:05.999999999 Mon 2 Jan 2006"
	timeLayout  = "15:04:05 Mon _2 Jan 2006"
)

// noDate stands for a time that nobody knows, that of a trace without packets.
const noDate = "--:--:-- --- -- --- ----"

// appendDate appends t; the zero time is unknown.
func appendDate(b []byte, t time.Time, z Zone, layout string) []byte {
	if t.IsZero() {
		return append(b, noDate...)
	}
	return t.In(z.location()).AppendFormat(b, layout)
}

// parseDate reads a date as appendDate prints it, or with a year of two digits
// (files of 3.x; 70 and later are 19xx). The day of the week is not checked. An
// unknown date is the zero time.
func parseDate(s string, loc *time.Location) (time.Time, error) {
	f := strings.Fields(s)
	if strings.Join(f, " ") == noDate {
		return time.Time{}, nil
	}
	if len(f) != 5 {
		return time.Time{}, fmt.Errorf("time %q is not HH:MM:SS Dow D Mon YYYY", s)
	}
	layout := "15:04:05 2 Jan 2006"
	if len(f[4]) == 2 {
		century := "20"
		if f[4] >= "70" {
			century = "19"
		}
		f[4] = century + f[4]
	}
	t, err := time.ParseInLocation(layout, f[0]+" "+f[2]+" "+f[3]+" "+f[4], loc)
	if err != nil {
		return time.Time{}, fmt.Errorf("time %q is not HH:MM:SS Dow D Mon YYYY", s)
	}
	return t, nil
}

// parseHeader reads the header line, without its newline. What a file of
// another program does not tell stays zero; own is true if the line is of the
// layout above.
func parseHeader(line []byte) (h Header, own bool, err error) {
	rest, ok := bytes.CutPrefix(line, []byte(headerMark))
	if !ok {
		return h, false, fmt.Errorf("first line is not %q", headerMark+"...")
	}
	parts := strings.Split(string(rest), "  ")
	h.Version = strings.TrimRight(parts[0], ".:")
	parts = parts[1:]
	if n := len(parts); n > 0 && strings.HasPrefix(parts[n-1], startMark) {
		// The zone is told before the date, but needed for it.
		if n > 2 {
			own = h.parseModes(parts[n-3])
		}
		date := parts[n-1][len(startMark):]
		if h.Start, err = parseDate(date, h.Zone.location()); err != nil {
			return h, own, err
		}
		parts = parts[:n-1]
	}
	if n := len(parts); n > 0 {
		if v, ok := strings.CutSuffix(parts[n-1], " flows"); ok {
			if h.MaxFlows, err = strconv.Atoi(v); err != nil || h.MaxFlows < 0 {
				return h, own, fmt.Errorf("number of flows %q is not a number", v)
			}
			parts = parts[:n-1]
		}
	}
	if own {
		parts = parts[:len(parts)-1]
	}
	if len(parts) > 1 {
		h.Options = unDash(parts[0])
		meter, iface, _ := strings.Cut(parts[1], " ")
		h.Meter, h.Interface = unDash(meter), unDash(iface)
	} else if len(parts) == 1 {
		h.Options = unDash(parts[0])
	}
	return h, own, nil
}

// parseModes reads "octets=... zone=...", and what may follow, and reports whether it is
// that.
func (h *Header) parseModes(s string) bool {
	s, h.Amounts = strings.CutSuffix(s, amountMark)
	octets, zone, ok := strings.Cut(s, " ")
	octets, ok1 := strings.CutPrefix(octets, "octets=")
	zone, ok2 := strings.CutPrefix(zone, "zone=")
	if !ok || !ok1 || !ok2 {
		return false
	}
	h.Octets = reader.ParseOctetMode(octets)
	for i, n := range zoneNames {
		if n == zone {
			h.Zone = Zone(i)
		}
	}
	return true
}

// unDash undoes appendText's "-" for an empty part.
func unDash(s string) string {
	if s == "-" {
		return ""
	}
	return s
}
