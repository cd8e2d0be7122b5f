//go:build linux

package main

import (
	"encoding/binary"
	"fmt"
	"math/bits"
	"os"
	"syscall"
)

// bareLoop is what nobody can do much better than: a mapped file, a decoder
// for exactly the traffic at hand, one table look-up and one update for each
// packet. It knows no rules, no time, no damage. It returns packets, octets and
// flows.
func bareLoop(path string) (result, error) {
	data, err := mapFile(path)
	if err != nil {
		return result{}, err
	}
	defer syscall.Munmap(data)
	if len(data) < 24 || !isPcap(binary.LittleEndian.Uint32(data)) {
		return result{}, fmt.Errorf("%s: no little-endian pcap file", path)
	}
	t := newBareTable()
	var r result
	for off := 24; off+16 <= len(data); {
		caplen := int(binary.LittleEndian.Uint32(data[off+8:]))
		wire := binary.LittleEndian.Uint32(data[off+12:])
		off += 16
		if caplen > len(data)-off {
			break
		}
		frame := data[off : off+caplen]
		off += caplen
		var k bareKey
		if dir, ok := k.decode(frame); ok {
			t.count(&k, dir, wire)
		}
		r.packets++
		r.octets += uint64(wire)
	}
	r.flows = t.n
	r.tableBytes = len(t.rows) * 80
	return r, nil
}

// isPcap knows the magic numbers of micro- and nanosecond files.
func isPcap(magic uint32) bool { return magic == 0xa1b2c3d4 || magic == 0xa1b23c4d }

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
	return syscall.Mmap(int(f.Fd()), 0, int(fi.Size()), syscall.PROT_READ, syscall.MAP_SHARED|syscall.MAP_POPULATE)
}

// bareKey is both directions' 5-tuple: the two ends in order, and the rest.
type bareKey [5]uint64

// decode reads Ethernet, IPv4 or IPv6, and TCP's or UDP's ports.
func (k *bareKey) decode(b []byte) (dir int, ok bool) {
	if len(b) < 38 {
		return 0, false
	}
	var s0, s1, d0, d1, proto uint64
	var ports []byte
	switch binary.BigEndian.Uint16(b[12:]) {
	case 0x0800:
		ihl := int(b[14]&15) * 4
		if len(b) < 14+ihl+4 {
			return 0, false
		}
		s0 = uint64(binary.LittleEndian.Uint32(b[26:]))
		d0 = uint64(binary.LittleEndian.Uint32(b[30:]))
		proto = uint64(b[23])
		ports = b[14+ihl:]
	case 0x86dd:
		if len(b) < 58 {
			return 0, false
		}
		s0, s1 = binary.LittleEndian.Uint64(b[22:]), binary.LittleEndian.Uint64(b[30:])
		d0, d1 = binary.LittleEndian.Uint64(b[38:]), binary.LittleEndian.Uint64(b[46:])
		proto = uint64(b[20]) | 1<<8
		ports = b[54:]
	default:
		return 0, false
	}
	sp, dp := uint64(binary.BigEndian.Uint16(ports)), uint64(binary.BigEndian.Uint16(ports[2:]))
	if d0 < s0 || d0 == s0 && (d1 < s1 || d1 == s1 && dp < sp) {
		s0, d0, s1, d1, sp, dp, dir = d0, s0, d1, s1, dp, sp, 1
	}
	*k = bareKey{s0, s1, d0, d1, proto<<32 | sp<<16 | dp}
	return dir, true
}

type bareRow struct {
	key    bareKey
	used   bool
	pdus   [2]uint64
	octets [2]uint64
}

// bareTable is an open-addressing table at most half full.
type bareTable struct {
	rows []bareRow
	n    int
}

func newBareTable() *bareTable { return &bareTable{rows: make([]bareRow, 1<<10)} }

func (k *bareKey) hash() uint64 {
	h1, l1 := bits.Mul64(k[0]^0x9e3779b97f4a7c15, k[1]^0xbf58476d1ce4e5b9)
	h2, l2 := bits.Mul64(k[2]^0x94d049bb133111eb, k[3]^0x2545f4914f6cdd1d)
	h, l := bits.Mul64(h1^l1^h2^l2, k[4]^0xd6e8feb86659fd93)
	return h ^ l
}

func (t *bareTable) count(k *bareKey, dir int, octets uint32) {
	r := t.find(k)
	if !r.used {
		r.used, r.key = true, *k
		t.n++
		if 2*t.n > len(t.rows) {
			t.grow()
			r = t.find(k)
		}
	}
	r.pdus[dir&1]++
	r.octets[dir&1] += uint64(octets)
}

func (t *bareTable) find(k *bareKey) *bareRow {
	mask := uint64(len(t.rows) - 1)
	for i := k.hash() & mask; ; i = (i + 1) & mask {
		if r := &t.rows[i]; !r.used || r.key == *k {
			return r
		}
	}
}

func (t *bareTable) grow() {
	old := t.rows
	t.rows = make([]bareRow, 2*len(old))
	for i := range old {
		if old[i].used {
			*t.find(&old[i].key) = old[i]
		}
	}
}
