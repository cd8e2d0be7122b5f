package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"netramet/internal/direction"
	"netramet/meter"
	"netramet/meter/control"
	"netramet/sources/live"
	"netramet/sources/wire"
)

// lossy is a link of two interfaces.
type lossy struct{ link }

func (lossy) Interfaces() []live.Interface {
	return []live.Interface{
		{Number: 1, Name: "eth0", LinkType: wire.LinkEthernet, Present: true, Up: true, Packets: 8, Dropped: 3},
		{Number: 2, Name: "eth1", LinkType: wire.LinkEthernet, Present: true, Dropped: 4},
	}
}

// TestShowLink: what an interface has lost is shown at that interface, also where the
// first rows of the table are directions.
func TestShowLink(t *testing.T) {
	for _, tt := range []struct {
		name      string
		direction *direction.Tagger
		want      []string
	}{
		{"interfaces", nil, []string{"1 eth0 3 false", "2 eth1 4 true"}},
		{"directions", &direction.Tagger{}, []string{"1 in 0 false", "2 out 0 false", "3 other 0 false", "4 eth0 3 false", "5 eth1 4 true"}},
	} {
		m := control.New(meter.Config{}, control.Config{})
		o := &options{direction: tt.direction}
		var got []string
		err := m.Update(func(s *control.Tables) error {
			err := o.showLink(s, lossy{})
			for n := s.NextInterface(0); n != 0; n = s.NextInterface(n) {
				x, _ := s.Interface(n)
				got = append(got, fmt.Sprint(n, " ", x.Name, " ", x.Source.Dropped, " ", x.Down))
			}
			return err
		})
		if err != nil || !slices.Equal(got, tt.want) {
			t.Errorf("%s: %q, want %q; %v", tt.name, got, tt.want, err)
		}
	}
}

// TestManagedDirections: the table names directions, and the trace behind them.
func TestManagedDirections(t *testing.T) {
	inside := filepath.Join(t.TempDir(), "inside")
	if err := os.WriteFile(inside, []byte("10.0.0.0/8\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	m := startMeter(t, "-C", office, "--direction", "nets:"+inside, "--linger", "600")
	x := m.manage("me", projectRules("hosts.srl"), 60)
	x.start()
	x.collect(x.next().Start)
	var names []string
	rows, err := x.c.Interfaces(t.Context())
	for _, r := range rows {
		names = append(names, r.Name)
	}
	if want := []string{"in", "out", "other", "office.pcap"}; err != nil || !slices.Equal(names, want) {
		t.Errorf("interfaces %q, want %q; %v", names, want, err)
	}
	x.leave()
	m.wait()
}
