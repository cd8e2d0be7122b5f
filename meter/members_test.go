package meter

import (
	"fmt"
	"testing"
	"time"

	"netramet/mib"
	"netramet/sources/sourcetest"
	"netramet/sources/wire"
)

const lifeDists = `save FlowTime = 5.0.0!0 & 1.6.1!5; save ToFlowPDUs = 9.0.0!0 & 1.0.0!8; save FromFlowPDUs = 9.0.0!0 & 1.0.0!8;
	save ToFlowOctets = 6.0.0!0 & 1.2.0!5; save FromFlowOctets = 6.0.0!0 & 1.2.0!5;`

// lifeOf prints the distributions of a flow's streams.
func lifeOf(m *Meter, flowIndex uint32) (text string) {
	for _, a := range []mib.Attr{mib.AttrFlowTime, mib.AttrToFlowPDUs, mib.AttrFromFlowPDUs, mib.AttrToFlowOctets, mib.AttrFromFlowOctets} {
		text += "[" + distOf(m, flowIndex, a) + "] "
	}
	return text
}

// TestStreamFeedsTwoFlows is the sequence that made another meter crash: the second packet
// counts in the first flow, reversed; the third, of the same stream, makes a second flow;
// and the second packet again counts in that one. The stream is a point in both, and
// its pair a time in both: from the first one's dest, and to the second one's.
func TestStreamFeedsTwoFlows(t *testing.T) {
	const rules = `if SourcePeerType == 1 save; else ignore; if SourceTransAddress == 62225 nomatch;
		save SourcePeerAddress; save DestPeerAddress; ` + lifeDists + `
		save ToTurnaroundTime1 = 3.14.0!0 & 1.6.1!3; save FromTurnaroundTime1 = 3.14.0!0 & 1.6.1!3; count;`
	frames := []wire.Frame{
		udp(t, "0.180.0.2:53", "0.1.0.1:53", 0),
		udp(t, "0.1.0.1:53", "0.180.0.2:62225", 1*time.Second),
		udp(t, "0.180.0.2:62225", "0.1.0.1:53", 2*time.Second),
		udp(t, "0.1.0.1:53", "0.180.0.2:62225", 3*time.Second),
	}
	for _, cfg := range []Config{{}, {Cache: NoCache}, {Lanes: 3}, {Lanes: 3, Near: NeverNear}} {
		t.Run(fmt.Sprintf("cache %d, lanes %d", cfg.Cache, cfg.Lanes), func(t *testing.T) {
			m := newMeter(t, cfg, rules)
			feedAll(t, m, frames...)
			equalLines(t, flowsOf(m, 2), []string{
				"1 1 SourcePeerType=[1] SourcePeerAddress=[0 180 0 2] DestPeerAddress=[0 1 0 1]",
				"1 1 SourcePeerType=[1] SourcePeerAddress=[0 1 0 1] DestPeerAddress=[0 180 0 2]",
			})
			m.Finish()
			// The first flow's own stream of one packet, and the one of three, of which
			// one travelled from the flow's source.
			if got, want := lifeOf(m, 1), "[1 1 / 0] [0 2 / 0] [1 0 1 / 0] [0 2 / 0] [1 1 / 0] "; got != want {
				t.Errorf("first flow: %s, want %s", got, want)
			}
			if got, want := lifeOf(m, 2), "[0 1 / 0] [0 0 1 / 0] [0 1 / 0] [0 1 / 0] [0 1 / 0] "; got != want {
				t.Errorf("second flow: %s, want %s", got, want)
			}
			for i, want := range [][2]string{{" / 0", "1 / 0"}, {"1 / 0", " / 0"}} {
				to, from := distOf(m, uint32(i+1), mib.AttrToTurnaroundTime1), distOf(m, uint32(i+1), mib.AttrFromTurnaroundTime1)
				if to != want[0] || from != want[1] {
					t.Errorf("flow %d: pairs %q to, %q from, want %q", i+1, to, from, want)
				}
			}
		})
	}
}

// TestFlowAsksForMoreLater: what is remembered of a stream that feeds a flow holds no more
// once the flow wants to know more of the stream's packets.
func TestFlowAsksForMoreLater(t *testing.T) {
	const rules = `save SourceTransType; save FlowTime = 5.0.0!0 & 1.6.1!5;
		if DestTransAddress == 2 save ToPacketSize = 2.0.0!0 & 1.1.1!10; count;`
	old := func(at time.Duration) wire.Frame { return udp(t, "10.0.0.1:1", "10.0.0.9:1", at) }
	more := func(at time.Duration) wire.Frame { return udp(t, "10.0.0.1:1", "10.0.0.9:2", at) }
	const ms = time.Millisecond
	for _, cfg := range []Config{{}, {Cache: NoCache}, {Lanes: 3}, {Lanes: 3, Near: NeverNear}} {
		m := newMeter(t, cfg, rules)
		feedAll(t, m, old(0), old(1*ms), old(2*ms))
		feedAll(t, m, more(3*ms), old(4*ms))
		feedAll(t, m, old(5*ms), old(6*ms))
		if got, want := distOf(m, 1, mib.AttrToPacketSize), "0 4 / 0"; got != want {
			t.Errorf("lanes %d, cache %d: sizes %q, want %q", cfg.Lanes, cfg.Cache, got, want)
		}
		m.Finish()
		if got, want := distOf(m, 1, mib.AttrFlowTime), "2 / 0"; got != want {
			t.Errorf("lanes %d, cache %d: times %q, want %q", cfg.Lanes, cfg.Cache, got, want)
		}
	}
}

// TestStreamsOfOneFlow: a point for each stream, when it ends: by TCP, after a time-out,
// at the end of the trace.
func TestStreamsOfOneFlow(t *testing.T) {
	m := newMeter(t, Config{}, `save SourceTransType; `+lifeDists+` count;`)
	segment := func(port uint16, flags sourcetest.TCPFlags, at time.Duration) wire.Frame {
		return sourcetest.Frame(t, sourcetest.Ether("", ""), sourcetest.IPv4{Src: "10.0.0.1", Dst: "10.0.0.2"},
			sourcetest.TCP{Src: port, Dst: 80, Flags: flags}, sourcetest.At(at))
	}
	const s = time.Second
	for _, step := range []struct {
		frame wire.Frame
		times string // FlowTime so far: up to 1, 2, 3, 4, 5 s
	}{
		{segment(1, sourcetest.SYN, 0), " / 0"},
		{segment(2, sourcetest.ACK, s), " / 0"},
		{segment(1, sourcetest.RST, 1500*time.Millisecond), " / 0"},
		{segment(3, sourcetest.ACK, 4*s), "0 1 / 0"}, // the grace of the first is over
		{segment(2, sourcetest.ACK, 6*s), "1 1 / 0"}, // the second has been idle for 5 s
		{segment(3, sourcetest.ACK, 8*s), "1 1 / 0"},
		{segment(4, sourcetest.ACK, 300*s), "2 1 0 1 / 0"},
	} {
		feedAll(t, m, step.frame)
		if got := distOf(m, 1, mib.AttrFlowTime); got != step.times {
			t.Fatalf("at %d: %q, want %q", step.frame.Time, got, step.times)
		}
	}
	m.Finish()
	if got, want := lifeOf(m, 1), "[3 1 0 1 / 0] [0 3 2 / 0] [5 / 0] [0 3 2 / 0] [5 / 0] "; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// TestFlowWaitsForItsStreams: a flow is recovered when its streams have ended and that was
// collected; streams that are as idle as the flow end for it.
func TestFlowWaitsForItsStreams(t *testing.T) {
	const s = time.Second
	m := newMeter(t, Config{Inactivity: 10 * s}, `if SourceTransType == 6 save; else ignore; `+lifeDists+` count;`)
	slow := func(at time.Duration) wire.Frame { return tcp(t, "10.0.0.1:1", "10.0.0.2:2", at) }
	other := func(at time.Duration) wire.Frame { return udp(t, "10.0.0.1:1", "10.0.0.2:2", at) }
	collected := func(up Uptime) {
		m.Update(func(e *Engine) error { return collect(e, up) })
	}
	collected(1)
	// A packet every 4 s: the stream may be idle for more than a minute.
	for at := range 7 {
		feedAll(t, m, slow(time.Duration(at)*4*s))
	}
	feedAll(t, m, other(50*s))
	if n := m.flowsInUse(); n != 1 || distOf(m, 1, mib.AttrFlowTime) != " / 0" {
		t.Fatalf("%d flows, %s", n, lifeOf(m, 1))
	}
	collected(4000) // what there is
	feedAll(t, m, other(51*s))
	if n := m.flowsInUse(); n != 1 || distOf(m, 1, mib.AttrFlowTime) != " / 1" {
		t.Fatalf("the stream has not ended: %d flows, %s", n, lifeOf(m, 1))
	}
	feedAll(t, m, other(52*s))
	if n := m.flowsInUse(); n != 1 {
		t.Fatal("the flow went before its last point was collected")
	}
	collected(5300)
	feedAll(t, m, other(53*s))
	if n := m.flowsInUse(); n != 0 {
		t.Error("the flow stays")
	}
	if st := m.lanes[0].streams.Stats(); st.Live != 1 {
		t.Errorf("%+v", st)
	}
}

// TestMembersAreBounded: streams and flows that come and go leave no members behind, nor
// does a rule set that is destroyed while its streams live.
func TestMembersAreBounded(t *testing.T) {
	rs := compiled(t, `save SourcePeerAddress; `+lifeDists+` count;`)
	m := runRuleSets(t, Config{Lanes: 3, Inactivity: time.Second}, rs)
	at := time.Duration(0)
	for i := range 60 {
		var frames []wire.Frame
		for k := range 200 {
			at += time.Millisecond
			frames = append(frames, tcp(t, fmt.Sprintf("10.0.%d.%d:5", i%7, k), "10.1.0.2:5", at))
		}
		at += 5 * time.Second
		feedAll(t, m, frames...)
		if i%10 == 9 {
			if err := m.Update(func(e *Engine) error {
				if err := stop(e, 2); err != nil {
					return err
				}
				e.Drop(2)
				return load(e, rs)
			}); err != nil {
				t.Fatal(err)
			}
		}
	}
	for i := range m.lanes {
		if n := m.lanes[i].members.all.Len(); n > 1000 {
			t.Errorf("lane %d has room for %d members", i, n)
		}
	}
	feedAll(t, m, udp(t, "10.9.0.1:5", "10.1.0.2:5", at+time.Hour), udp(t, "10.9.0.1:5", "10.1.0.2:5", at+2*time.Hour))
	live := uint32(0)
	for i := range m.flows.dists.flows.Len() {
		live += m.flows.dists.flows.At(i).streams
	}
	if live > 1 {
		t.Errorf("%d streams of flows live", live)
	}
}
