//go:build linux

// Bare is the least that can count the packets of a trace by flow: what the
// meter is measured beside. It maps the file, decodes exactly the frames of the
// benchmark's traces, and looks each packet up in one open-addressing table. It
// knows no rules, no time, no damage and no limits, and writes no flows.
//
//	go build ./bench/bare && ./bare TRACE
//
// It prints the packets, their octets on the wire, and the flows. Of an interface it
// does the same, by a packet ring, until it is interrupted. With -walk it looks at each
// packet and counts none by flow; with -source it does so by the meter's own source.
//
//	./bare [-walk|-source] -i INTERFACE
package main

import (
	"encoding/binary"
	"flag"
	"fmt"
	"os"
	"runtime/debug"

	"golang.org/x/sys/unix"
)

func main() {
	debug.SetGCPercent(-1) // its tables double, and the smaller ones may stay
	link := flag.String("i", "", "read this `interface`")
	walk := flag.Bool("walk", false, "look at packets, and count none")
	source := flag.Bool("source", false, "read by the meter's source")
	flag.Parse()
	var err error
	switch {
	case *link != "" && flag.NArg() == 0 && *source:
		err = readSource(*link, os.Stdout)
	case *link != "" && flag.NArg() == 0:
		err = readLink(*link, !*walk, os.Stdout)
	case *link == "" && flag.NArg() == 1:
		var s sums
		if s, _, err = count(flag.Arg(0)); err == nil {
			fmt.Println(s.packets, s.octets, s.flows)
		}
	default:
		fmt.Fprintln(os.Stderr, "usage: bare TRACE, or bare [-walk|-source] -i INTERFACE")
		os.Exit(2)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bare:", err)
		os.Exit(1)
	}
}

// sums are what a trace holds.
type sums struct {
	packets, octets uint64
	flows           int
}

// The sizes of a pcap file's headers, and the least that a packet with ports
// takes in one.
const (
	fileHeader   = 24
	recordHeader = 16
	least        = recordHeader + 38
)

// pending is a packet that is decoded and not counted.
type pending struct {
	key    key
	hash   uint64
	to     int
	octets uint32
	near   uint32 // a row that is likely to be looked at; 0: none
}

// Packets are looked up one by one while the table fits the caches, and in
// batches when it does not: whichever is faster.
const (
	batch = 32
	fits  = 1 << 16 // flows
)

// count counts a little-endian pcap file.
func count(path string) (s sums, t *table, err error) {
	data, err := mapFile(path)
	if err != nil {
		return s, nil, err
	}
	defer unix.Munmap(data)
	if len(data) < fileHeader || !isPcap(binary.LittleEndian.Uint32(data)) {
		return s, nil, fmt.Errorf("%s: no little-endian pcap file", path)
	}
	t = newTable(len(data) / least)
	var packets [batch]pending
	n, together := 0, 1
	for data = data[fileHeader:]; len(data) >= recordHeader; {
		captured := int(binary.LittleEndian.Uint32(data[8:]))
		p := &packets[n]
		p.octets = binary.LittleEndian.Uint32(data[12:])
		if captured > len(data)-recordHeader {
			break
		}
		s.packets++
		s.octets += uint64(p.octets)
		if p.to = p.key.decode(data[recordHeader : recordHeader+captured]); p.to >= 0 {
			p.hash = p.key.hash()
			if n++; n == together {
				t.countAll(packets[:n])
				n = 0
				if t.n > fits {
					together = batch
				}
			}
		}
		data = data[recordHeader+captured:]
	}
	t.countAll(packets[:n])
	s.flows = t.n
	return s, t, nil
}

// isPcap knows the magic numbers of micro- and nanosecond files.
func isPcap(magic uint32) bool { return magic == 0xa1b2c3d4 || magic == 0xa1b23c4d }

// mapFile maps a file whole, and the pages of it that are in memory with it.
func mapFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	fi, err := f.Stat()
	if err != nil {
		return nil, err
	}
	return unix.Mmap(int(f.Fd()), 0, int(fi.Size()), unix.PROT_READ, unix.MAP_SHARED|unix.MAP_POPULATE)
}
