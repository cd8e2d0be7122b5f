package mib

// TracePhase is where a meter is in reading a trace (NETRAMET-MIB,
// NtmTracePhase).
type TracePhase uint8

// The phases.
const (
	TraceIdle        TracePhase = 1 // there is no trace
	TraceWaitRuleSet TracePhase = 2 // a trace is open and waits to be started
	TraceRunning     TracePhase = 3
	TraceWaitReader  TracePhase = 4 // an interval has ended; readers collect it
	TraceEndOfFile   TracePhase = 5 // the last interval has ended; readers collect it
	TraceDone        TracePhase = 6 // all is collected
)

// String returns the name in NETRAMET-MIB; a phase that does not exist has none.
func (p TracePhase) String() string {
	name, _ := ObjNtmTraceState.Info().EnumName(int64(p))
	return name
}

// Waits reports whether the meter waits for readers.
func (p TracePhase) Waits() bool { return p == TraceWaitReader || p == TraceEndOfFile }
