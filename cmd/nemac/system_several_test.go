package main

import (
	"path/filepath"
	"strings"
	"testing"
)

// Two rule sets with numbers and FORMATs of their own, so that what each
// writes does not depend on what else runs.
const (
	hostRules = `set 7;
include "standard.srl";
if SourcePeerType == IPv4 save; else ignore;
save SourcePeerAddress; save DestPeerAddress; count;
`
	hostFormat = `format FirstTime " " SourcePeerAddress DestPeerAddress " " ToPDUs FromPDUs ToOctets FromOctets;
`
	protocolRules = `set 9;
save SourcePeerType; save SourceTransType; count;
format SourcePeerType SourceTransType "  " ToOctets FromOctets "  " LastActiveTime;
`
	shortFormat = `format "= " DestPeerAddress SourcePeerAddress " : " FromOctets ToOctets " " LastActiveTime;
`
)

// systemSeveral: several nemacs work on one meter.
func systemSeveral(t *testing.T, s *system) {
	args := []string{"-C", testdata("office.pcap"), "-T30"}
	pairs := writeFile(t, "pairs.srl", hostRules+hostFormat)
	protocols := writeFile(t, "protocols.srl", protocolRules)
	short := writeFile(t, "short.srl", hostRules+shortFormat)
	wantPairs, _ := s.batch(t, args, pairs)
	wantProtocols, _ := s.batch(t, args, protocols)
	wantShort, _ := s.batch(t, args, short)

	t.Run("two", func(t *testing.T) {
		dir := t.TempDir()
		m := s.startMeter(t, append(args, "--readers=2")...)
		one := s.follow(t, m.port, filepath.Join(dir, "pairs"), []string{pairs}, "--owner=campus")
		one.expect(`msg="flow file"`)
		m.expect(`msg="rule set runs" ruleset=7 name=\S* owner=campus`)
		again := s.follow(t, m.port, filepath.Join(dir, "again"), []string{protocols}, "--owner=campus")
		again.want(1)
		if last := again.lastLine(); !strings.HasPrefix(last, "nemac: another nemac works on meter 127.0.0.1") || !strings.Contains(last, `"campus"`) {
			t.Errorf("a second one of the same owner says %q", last)
		}
		two := s.follow(t, m.port, filepath.Join(dir, "protocols"), []string{protocols}, "--owner=backbone")
		for _, p := range []*process{one, two, m.process} {
			p.want(0)
			p.quiet()
		}
		checkFlows(t, filepath.Join(dir, "pairs"), wantPairs)
		checkFlows(t, filepath.Join(dir, "protocols"), wantProtocols)
	})
	t.Run("one reads what the other runs", func(t *testing.T) {
		dir := t.TempDir()
		m := s.startMeter(t, append(args, "--readers=2")...)
		master := s.follow(t, m.port, filepath.Join(dir, "pairs"), []string{pairs})
		reader := s.startNemac(t, m.port, "-C", "-F", filepath.Join(dir, "short"), "--read-only=7", "--format", short)
		master.want(0)
		reader.want(0)
		m.want(0)
		checkFlows(t, filepath.Join(dir, "pairs"), wantPairs)
		checkFlows(t, filepath.Join(dir, "short"), wantShort)
	})
	t.Run("one leaves what the other reads", func(t *testing.T) {
		dir := t.TempDir()
		m := s.startMeter(t, args...)
		s.startNemac(t, m.port, "--download-only", "-r", pairs, "-r", protocols).want(0)
		reader := s.startNemac(t, m.port, "-C", "-F", filepath.Join(dir, "short"), "--read-only=7", "--format", short)
		reader.want(0)
		m.want(0)
		checkFlows(t, filepath.Join(dir, "short"), wantShort)
		if strings.Contains(m.stderr(), "rule set gone") {
			t.Error("the reader removed what it only read")
		}
	})
}
