package netflow

import (
	"encoding/binary"
	"math"
	"net/netip"
	"time"

	"netramet/sources/wire"
)

// Where and when test datagrams come.
var exporterA = netip.MustParseAddrPort("192.0.2.1:40000")

const (
	startTime = int64(1_700_000_000) * int64(time.Second)
	bootedAgo = 3_600_000 // ms
)

// be appends numbers: uint8 to uint64, and fractions, and octets.
func be(values ...any) (b []byte) {
	for _, v := range values {
		switch v := v.(type) {
		case int:
			b = append(b, byte(v))
		case uint16:
			b = binary.BigEndian.AppendUint16(b, v)
		case uint32:
			b = binary.BigEndian.AppendUint32(b, v)
		case uint64:
			b = binary.BigEndian.AppendUint64(b, v)
		case float32:
			b = binary.BigEndian.AppendUint32(b, math.Float32bits(v))
		case float64:
			b = binary.BigEndian.AppendUint64(b, math.Float64bits(v))
		case []byte:
			b = append(b, v...)
		case string:
			b = append(b, netip.MustParseAddr(v).AsSlice()...)
		default:
			panic(v)
		}
	}
	return b
}

// set frames a set.
func set(id uint16, parts ...[]byte) []byte {
	var body []byte
	for _, p := range parts {
		body = append(body, p...)
	}
	return be(id, uint16(4+len(body)), body)
}

// el is a field of a template.
type el struct {
	id, length uint16
	enterprise uint32
}

func fieldsOf(fields []el) (b []byte) {
	for _, f := range fields {
		if f.enterprise != 0 {
			b = append(b, be(f.id|0x8000, f.length, f.enterprise)...)
		} else {
			b = append(b, be(f.id, f.length)...)
		}
	}
	return b
}

func templateOf(id uint16, fields ...el) []byte {
	return be(id, uint16(len(fields)), fieldsOf(fields))
}

func message9(seq, domain uint32, sets ...[]byte) []byte {
	b := be(uint16(9), uint16(len(sets)), uint32(bootedAgo), uint32(startTime/int64(time.Second)), seq, domain)
	for _, s := range sets {
		b = append(b, s...)
	}
	return b
}

func messageIPFIX(seq, domain uint32, sets ...[]byte) []byte {
	n := 16
	for _, s := range sets {
		n += len(s)
	}
	b := be(uint16(10), uint16(n), uint32(startTime/int64(time.Second)), seq, domain)
	for _, s := range sets {
		b = append(b, s...)
	}
	return b
}

// record5Of is a record of version 5.
func record5Of(src, dst string, pdus, octets, first, last uint32) []byte {
	return be(src, dst, "0.0.0.0", uint16(3), uint16(4), pdus, octets, first, last, uint16(1000), uint16(80),
		0, 0x1b, 6, 0xb8, uint16(64500), uint16(64501), 24, 16, uint16(0))
}

func message5(seq uint32, sampling uint16, records ...[]byte) []byte {
	b := be(uint16(5), uint16(len(records)), uint32(bootedAgo), uint32(startTime/int64(time.Second)), uint32(0), seq, 0, 0, sampling)
	for _, r := range records {
		b = append(b, r...)
	}
	return b
}

// record1Of and record7Of are what versions 1 and 7 have of a record of version 5.
func record1Of(record5 []byte) []byte {
	return be(record5[:36], uint16(0), record5[38:40], 0x1b, make([]byte, 11))
}

func record7Of(record5 []byte) []byte {
	return be(record5[:36], 0, record5[37:46], uint16(0), "192.0.2.9")
}

func message1(records ...[]byte) []byte {
	b := be(uint16(1), uint16(len(records)), uint32(bootedAgo), uint32(startTime/int64(time.Second)), uint32(0))
	for _, r := range records {
		b = append(b, record1Of(r)...)
	}
	return b
}

func message7(seq uint32, records ...[]byte) []byte {
	b := be(uint16(7), uint16(len(records)), uint32(bootedAgo), uint32(startTime/int64(time.Second)), uint32(0), seq, uint32(0))
	for _, r := range records {
		b = append(b, record7Of(r)...)
	}
	return b
}

// sflowOf is a datagram of one sample with a header, and more records.
func sflowOf(seq, rate, length uint32, header []byte, more ...[]byte) []byte {
	record := be(uint32(1), uint32(16+(len(header)+3)&^3), uint32(1), length, uint32(4), uint32(len(header)), header, make([]byte, -len(header)&3))
	sample := be(seq, uint32(1), rate, rate*10, uint32(0), uint32(7), uint32(8), uint32(1+len(more)))
	for i, r := range append(more, record) {
		if kind := uint32(1001 + i); i < len(more) {
			sample = append(sample, be(kind, uint32(len(r)))...)
		}
		sample = append(sample, r...)
	}
	return sflowDatagram("10.9.8.7", seq, 1, sample)
}

// sflowDatagram is a datagram of one sample.
func sflowDatagram(agent string, seq, kind uint32, sample []byte) []byte {
	return be(uint32(5), uint32(1), agent, uint32(0), seq, uint32(1000), uint32(1), kind, uint32(len(sample)), sample)
}

// take hands datagrams to a collector, and returns copies of the records.
func take(c *Collector, from netip.AddrPort, datagrams ...[]byte) (all []wire.Record) {
	room := make([]byte, frameRoom)
	for _, d := range datagrams {
		c.Begin(from, startTime+int64(time.Millisecond), d)
		for {
			var r wire.Record
			if !c.Next(&r, room) {
				break
			}
			r.Frame.Data = append([]byte(nil), r.Frame.Data...)
			all = append(all, r)
		}
	}
	return all
}
