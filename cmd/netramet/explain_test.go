package main

import (
	"bytes"
	"context"
	"testing"
	"time"

	"netramet/meter"
	"netramet/meter/control"
	"netramet/meter/packet"
	"netramet/meter/pme"
	"netramet/ruleset"
	"netramet/sources/sourcetest"
	"netramet/sources/wire"
)

// TestExplainAfterHeldFrames: packets before the one explained are all metered,
// also those whose step of time is still in doubt.
func TestExplainAfterHeldFrames(t *testing.T) {
	var frames []wire.Frame
	for _, at := range []time.Duration{0, 40 * 24 * time.Hour, 41 * 24 * time.Hour, time.Second} {
		frames = append(frames, sourcetest.Frame(t, sourcetest.Ether("", ""), sourcetest.IPv4{Src: "10.0.0.1", Dst: "10.0.0.2"},
			sourcetest.UDP{Src: 1, Dst: 2}, sourcetest.At(at)))
	}
	for n := range uint64(len(frames)) {
		b := &batch{o: &options{}, src: sourcetest.NewFake(frames, 3), meter: control.New(meter.Config{}, control.Config{})}
		f, err := b.frameNumber(context.Background(), n+1)
		if err != nil {
			t.Fatal(err)
		}
		if want := &frames[n]; f.Time != want.Time || f.WireLen != want.WireLen || !bytes.Equal(f.Data, want.Data) {
			t.Errorf("frame %d: %+v", n+1, f)
		}
		b.meter.View(func(s *control.State) {
			if got := s.Counts().Packets; got != n {
				t.Errorf("frame %d: %d packets before it are metered", n+1, got)
			}
		})
		if err := b.src.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestExplainSaved: what rules save is shown in its own notation, and of a distribution
// what its specification means.
func TestExplainSaved(t *testing.T) {
	rs, diags, err := ruleset.ReadText("dist.rules", []byte(`
SET 2
RULES
  Null & 0 = 0: GotoAct, Next;
  SourcePeerAddress & 255.255.255.0 = 0: PushPktToAct, Next;
  FromPacketSize & 1.0.0.25.5.220 = 60.0.0.0.0.0: PushPktToAct, Next;
  ToBitRate & 2.3.1!10000 = 60.5.0!0: PushPktToAct, Next;
  ToTurnaroundTime1 & 1.3.1!700 = 100.11.0!0: PushPktToAct, Next;
  Null & 0 = 0: Count, 0;
`), ruleset.ReadOptions{})
	if err != nil {
		t.Fatal(err, diags)
	}
	f := sourcetest.Frame(t, sourcetest.Ether("", ""), sourcetest.IPv4{Src: "10.0.0.1", Dst: "10.0.0.2"}, sourcetest.UDP{Src: 1, Dst: 2})
	var p packet.Packet
	p.DecodeNet(&f)
	p.DecodeRest(&f)
	var got bytes.Buffer
	steps := stepPrinter{w: &got, rs: rs}
	out := pme.Interpret(rs, &p, pme.WireOrder, steps.step)
	steps.flush()
	got.Reset()
	explainSaved(&got, &out)
	const want = `       SourcePeerAddress      10.0.0.0  mask 255.255.255.0
       FromPacketSize         60 buckets, linear, the first up to 25, the last to 1500
       ToBitRate              60 buckets, logarithmic, the first up to 1000, the last to 10000000; a sample every 5 s
       ToTurnaroundTime1      100 buckets, linear, the first up to 1000, the last to 700000; DNS
`
	if got.String() != want {
		t.Errorf("%v\n%swant\n%s", out.Verdict, &got, want)
	}
}
