package main

import (
	"testing"
	"time"
)

// TestLastHeard: what is heard now is no further back when the time of day is set.
func TestLastHeard(t *testing.T) {
	var h lastHeard
	if before := time.Now(); h.at().After(before) {
		t.Error("somebody was heard before anybody was")
	}
	before := time.Now()
	h.note()
	if at := h.at(); at.Before(before) || at.After(time.Now()) || at == at.Round(0) {
		t.Errorf("heard at %v, or by the time of day", at)
	}
}
