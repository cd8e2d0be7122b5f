package main

import (
	"fmt"
	"path/filepath"
	"testing"
)

// systemNarrow: a path that drops large datagrams, without fragments and without a
// word, loses no flow and keeps nobody waiting for ever.
func systemNarrow(t *testing.T, s *system) {
	args, rules := []string{"-C", testdata("office.pcap"), "-T60"}, ruleFiles("services.srl", "5tuple.srl", "hosts.srl")
	want, _ := s.batch(t, args, rules...)
	withUsers := append(args, "--users", writeFile(t, "users", users))
	for _, way := range []struct {
		name        string
		meter, args []string
	}{
		{"v2c", args, []string{"127.0.0.1", "private"}},
		{"v3", withUsers, []string{"-v3", "-unoc", "-aSHA-256", "-Aauthauthauth", "-xAES", "-Xprivprivpriv", "127.0.0.1"}},
	} {
		for _, bears := range []int{1500, 1000, 484} {
			if testing.Short() && bears != 484 {
				continue
			}
			t.Run(fmt.Sprintf("%s %d", way.name, bears), func(t *testing.T) {
				m := s.startMeter(t, way.meter...)
				r := startRelay(t, m.port, nil)
				r.narrow(bears)
				flows := filepath.Join(t.TempDir(), "f")
				path := append([]string{"-m", r.port, "--timeout=100ms", "--retries=20"}, way.args...)
				list := s.start(t, "", s.nemac, append([]string{"--list"}, path...)...)
				list.want(0)
				collect := append([]string{"-C", "-L", "-", "--meter-name=m", "-F", flows}, path...)
				for _, f := range rules {
					collect = append(collect, "-r", f)
				}
				s.start(t, "", s.nemac, collect...).want(0)
				m.want(0)
				checkFlows(t, flows, want)
			})
		}
	}
	for _, size := range []int{484, 1000, 9000} {
		t.Run(fmt.Sprintf("--datagram=%d", size), func(t *testing.T) {
			m := s.startMeter(t, args...)
			r := startRelay(t, m.port, nil)
			limit := fmt.Sprintf("--datagram=%d", size)
			s.start(t, "", s.nemac, "--list", limit, "-m", r.port, "127.0.0.1", "private").want(0)
			flows := filepath.Join(t.TempDir(), "f")
			s.follow(t, r.port, flows, rules, limit).want(0)
			m.want(0)
			checkFlows(t, flows, want)
			r.mu.Lock()
			defer r.mu.Unlock()
			if r.largest > size {
				t.Errorf("a datagram of %d octets", r.largest)
			}
		})
	}
	t.Run("narrower in the middle", func(t *testing.T) {
		m := s.startMeter(t, args...)
		narrow := make(chan *relay, 1)
		r := startRelay(t, m.port, func(n int) bool {
			if n == 100 {
				(<-narrow).narrow(484)
			}
			return true
		})
		narrow <- r
		flows := filepath.Join(t.TempDir(), "f")
		s.follow(t, r.port, flows, rules, "--timeout=100ms", "--retries=20").want(0)
		m.want(0)
		checkFlows(t, flows, want)
	})
}
