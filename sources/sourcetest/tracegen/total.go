package main

import (
	"encoding/json"
	"io"

	"netramet/sources/sourcetest/traffic"
)

// total is what the whole trace has.
type total struct {
	Packets     uint64 `json:"packets"`
	FrameOctets uint64 `json:"frameOctets"` // on the wire
	IPOctets    uint64 `json:"ipOctets"`
}

func (t *total) add(p *traffic.Packet) {
	t.Packets++
	t.FrameOctets += uint64(p.Frame.WireLen)
	t.IPOctets += uint64(p.IPOctets)
}

func (t *total) write(w io.Writer) error { return json.NewEncoder(w).Encode(t) }
