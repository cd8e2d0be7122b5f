//go:build linux

package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"netramet/mib"
	"netramet/reader"
	"netramet/reader/flowfile"
)

// flowFileSums adds up the records of a flow data file.
func flowFileSums(path string) (s sums, err error) {
	f, err := os.Open(path)
	if err != nil {
		return s, err
	}
	defer f.Close()
	r, err := flowfile.NewReader(f)
	if err != nil {
		return s, err
	}
	var rec reader.Record
	for _, err = r.NextCollection(); err == nil; _, err = r.NextCollection() {
		for err = r.NextRecord(&rec); err == nil; err = r.NextRecord(&rec) {
			s.add(r.Format().Attrs, &rec)
		}
		if !errors.Is(err, io.EOF) {
			return s, err
		}
	}
	if !errors.Is(err, io.EOF) {
		return s, err
	}
	return s, nil
}

// add adds a flow.
func (s *sums) add(attrs []mib.Attr, rec *reader.Record) {
	s.Flows++
	for i, a := range attrs {
		switch a {
		case mib.AttrToPDUs, mib.AttrFromPDUs:
			s.Packets += rec.Values[i].Num
		case mib.AttrToOctets, mib.AttrFromOctets:
			s.FrameOctets += rec.Values[i].Num
		}
	}
}

// agreement says what is alike in what a program says of a trace and in what is
// there: "packets octets flows" if it says it all rightly.
func agreement(is, says sums) string {
	var out []string
	for _, x := range []struct {
		what     string
		is, says uint64
	}{
		{"packets", is.Packets, says.Packets},
		{"octets", is.FrameOctets, says.FrameOctets},
		{"octets", is.IPOctets, says.IPOctets},
		{"flows", is.Flows, says.Flows},
	} {
		switch {
		case x.says == 0 || x.is == 0: // nobody knows
		case x.is == x.says:
			out = append(out, x.what)
		default:
			out = append(out, fmt.Sprintf("%s %+.2f%%", x.what, 100*(float64(x.says)/float64(x.is)-1)))
		}
	}
	if len(out) == 0 {
		return "tells nothing"
	}
	return strings.Join(out, " ")
}

// mustAgree is an error unless a program of ours says it all, and rightly.
func mustAgree(is, says sums) error {
	if text := agreement(is, says); text != "packets octets flows" {
		return fmt.Errorf("does not agree with the trace, which has %+v: %s", is, text)
	}
	return nil
}
