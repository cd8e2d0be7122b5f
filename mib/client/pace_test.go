package client

import (
	"slices"
	"testing"
)

func TestPace(t *testing.T) {
	p := newPace(SafeDatagram, 0)
	if p.size != SafeDatagram {
		t.Errorf("it begins with %d", p.size)
	}
	p.answered(SafeDatagram / 3)
	if p.size != SafeDatagram {
		t.Error("it grows by small answers")
	}
	for range 10 {
		p.answered(p.size)
	}
	if p.size != MaxDatagram {
		t.Errorf("it grows to %d", p.size)
	}
	for range 20 {
		p.resent()
	}
	if p.size != SafeDatagram {
		t.Errorf("it shrinks to %d by losses", p.size)
	}
	p.answered(p.size)
	if p.size != SafeDatagram {
		t.Error("after loss it grows at once")
	}
	var sizes []int
	for p.lost(p.size) {
		sizes = append(sizes, p.size)
	}
	if !slices.Equal(sizes, []int{middling, MinDatagram}) {
		t.Errorf("it goes down by %d", sizes)
	}
	if p := newPace(MaxDatagram, 900); p.size != 900 || !p.lost(900) || p.size > 900 {
		t.Errorf("limited: %+v", p)
	}
	if p := newPace(MaxDatagram, 0); p.size != MaxDatagram {
		t.Errorf("bold: %+v", p)
	}
}

// TestPaceFinds walks to the size that a path bears: few messages are lost on the
// way there, and fewer and fewer later on.
func TestPaceFinds(t *testing.T) {
	for _, bears := range []int{484, 500, 699, 1000, 1500, 9000, 40000, MaxDatagram} {
		for _, start := range []int{SafeDatagram, MaxDatagram} {
			p := newPace(start, 0)
			lost := [2]int{} // in the first thousands, and then
			for i := range 1 << 16 {
				if p.size <= bears {
					p.answered(p.size)
					continue
				}
				p.lost(p.size)
				lost[min(i/4096, 1)]++
			}
			if p.size > bears || p.size < bears/2 && p.size > MinDatagram || lost[0] > 10 || lost[1] > 5 {
				t.Errorf("from %d: a path that bears %d is found to bear %d, by %d losses", start, bears, p.size, lost)
			}
		}
	}
}
