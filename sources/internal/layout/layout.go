// Package layout lays out the headers and blocks of trace files: pcap, pcapng and
// ERF. It knows where each number goes, and nothing of what makes a file.
//
// Package tracefile writes traces with it, and capfile those of tests, among them
// what nobody writes any more. The readers share nothing with it.
package layout

import "encoding/binary"

// Order is the byte order of a file's numbers.
type Order interface {
	binary.ByteOrder
	binary.AppendByteOrder
}
