package meter

import (
	"netramet/sources/wire"
	"netramet/streams"
)

// Where streams lie near the processor but flows do not, packets of streams that are known
// are metered at a glance, and all others wait in the round for the passes that read flows
// together. So a packet may be counted before others that came before it. That changes
// nothing:
//
//   - Streams are told of their packets in order. Where one that waits belongs to a stream
//     that is there, that stream's later packets wait too. Where it belongs to a stream that
//     is not there yet, the later ones find none either.
//   - Of flows, packets change sums and the latest uptime.
//   - Those that wait make flows, which may be the first choice of packets that count in a
//     flow of the reversed key. This happens only to verdicts of kindReverse, and only where
//     rules can fail to match: else a packet that would make such a flow has found the other
//     one, too. Such verdicts are not used then.
//   - All else happens at ticks, and when somebody comes to see the state: no packet waits then.

// waiting are streams to which packets of a round belong, of those that were there before.
// A few others are taken for such.
type waiting [16]uint64

func (w *waiting) has(id streams.ID) bool { return w[id/64%16]>>(id%64)&1 != 0 }

func (w *waiting) add(id streams.ID) { w[id/64%16] |= 1 << (id % 64) }

// stays notes what is known of a frame that cannot be metered at a glance, though it was
// looked for its stream. It returns false: the frame is not metered.
func (m *Meter) stays(f *wire.Frame, stream streams.Stream, found bool) bool {
	if m.way.overtakes {
		m.way.looked = f
		if found {
			m.filling.waiting.add(stream.ID)
		}
	}
	return false
}

// noteWaiting has later packets of the stream of f, which has come to the round, wait too.
func (m *Meter) noteWaiting(f *wire.Frame, k *streams.Key) {
	if m.way.looked != f {
		if id, ok := m.lanes[0].streams.Look(k); ok {
			m.filling.waiting.add(id)
		}
	}
	m.way.looked = nil
}
