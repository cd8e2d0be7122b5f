package query

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"netramet/mib"
	"netramet/reader"
	"netramet/reader/amounts"
	"netramet/reader/columns"
	"netramet/reader/flowfile"
	"netramet/reader/jsonl"
	"netramet/reader/lines"
	"netramet/ruleset"
	"netramet/ruleset/srl"
)

// benchFile writes flows of the usual FORMAT, all of which come again in each of blocks.
func benchFile(tb testing.TB, flows, blocks int, json bool) string {
	tb.Helper()
	name := filepath.Join(tb.TempDir(), "bench.flows")
	var b bytes.Buffer
	start := time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)
	var w reader.Output = flowfile.NewWriter(&b, flowfile.Header{Version: "1", Meter: "gw", Octets: flowfile.OctetsFrame, Zone: flowfile.ZoneUTC, Start: start})
	if json {
		file, err := lines.Open("-", jsonl.New(columns.RTFM), lines.Options{Stdout: &b})
		if err != nil {
			tb.Fatal(err)
		}
		w = amounts.New(file)
	}
	f := ruleset.DefaultFormat()
	task := reader.Task{RuleSet: 2, Name: "all", Format: f}
	rnd := rand.New(rand.NewPCG(1, 2))
	var rec reader.Record
	for n := range blocks {
		iv := reader.Interval{Number: uint64(n + 1), Time: start.Add(time.Duration(n+1) * 5 * time.Minute), From: max(1, uint64(n)*30000), To: uint64(n+1)*30000 + 1, Meter: "gw"}
		iv.SetStart(start)
		if err := w.Begin(iv, []reader.Task{task}); err != nil {
			tb.Fatal(err)
		}
		for i := range flows {
			rec.Clear(len(f.Attrs))
			rec.RuleSet, rec.PeerType, rec.Index, rec.FirstTime = 2, mib.PeerIPv4, uint32(i+1), uint64(i%30000+1)
			for j, a := range f.Attrs {
				v := &rec.Values[j]
				switch a {
				case mib.AttrFlowRuleSet:
					v.Num = 2
				case mib.AttrFlowIndex:
					v.Num = uint64(i + 1)
				case mib.AttrFirstTime:
					v.Num = uint64(i%30000 + 1)
				case mib.AttrLastActiveTime:
					v.Num = iv.To
				case mib.AttrSourcePeerType:
					v.Num = 1
				case mib.AttrSourcePeerAddress, mib.AttrDestPeerAddress:
					h := uint32(i) * 2654435761
					if a == mib.AttrDestPeerAddress {
						h = uint32(i%5000) * 2246822519
					}
					v.Len = uint8(copy(v.Octets[:], []byte{10, byte(h >> 24), byte(h >> 16), byte(h >> 8)}))
				case mib.AttrSourceTransType:
					v.Num = 6
				case mib.AttrSourceTransAddress, mib.AttrDestTransAddress:
					p := uint16(rnd.Uint32N(64000) + 1024)
					if a == mib.AttrDestTransAddress {
						p = []uint16{80, 443, 53, 22}[i%4]
					}
					v.Len = uint8(copy(v.Octets[:], []byte{byte(p >> 8), byte(p)}))
				default:
					if a.Class() == mib.ClassCounter {
						v.Num = uint64(n+1) * uint64(i%100000+60)
					}
				}
			}
			if err := w.Record(&rec); err != nil {
				tb.Fatal(err)
			}
		}
		if err := w.End(); err != nil {
			tb.Fatal(err)
		}
	}
	if err := os.WriteFile(name, b.Bytes(), 0o600); err != nil {
		tb.Fatal(err)
	}
	return name
}

// sink takes an answer and counts its rows.
type sink struct{ rows int }

func (s *sink) Begin(reader.Interval, []reader.Task) error { return nil }
func (s *sink) Record(*reader.Record) error                { s.rows++; return nil }
func (s *sink) End() error                                 { return nil }
func (s *sink) Abort() error                               { return nil }

func BenchmarkRun(b *testing.B) {
	where, _, err := srl.ParseCondition("where", "SourceTransType == TCP && DestTransAddress == (80, 443)")
	if err != nil {
		b.Fatal(err)
	}
	by, err := srl.ParseGroups("by", "SourcePeerAddress/24, DestTransAddress")
	if err != nil {
		b.Fatal(err)
	}
	for _, size := range []struct {
		flows, blocks int
		kind          string
	}{{20_000, 50, ""}, {500_000, 2, ""}, {1_000_000, 1, ""}, {500_000, 2, "json"}} {
		file := benchFile(b, size.flows, size.blocks, size.kind == "json")
		for _, tt := range []struct {
			name string
			q    Query
		}{
			{"flows", Query{}},
			{"by", Query{By: by}},
			{"where by", Query{By: by, Where: where}},
			{"every", Query{Every: time.Minute}},
			{"top", Query{Top: 10}},
		} {
			b.Run(fmt.Sprintf("%dx%d%s/%s", size.blocks, size.flows, size.kind, tt.name), func(b *testing.B) {
				records := 0
				for b.Loop() {
					q := tt.q
					q.Files = []string{file}
					r, err := Run(context.Background(), &q, &sink{})
					if err != nil || r.Records != uint64(size.flows*size.blocks) {
						b.Fatal(r, err)
					}
					records += int(r.Records)
				}
				b.ReportMetric(float64(records)/b.Elapsed().Seconds(), "records/s")
			})
		}
	}
}
