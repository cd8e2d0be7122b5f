package reading

import "time"

// pace finds out whether reading ahead pays: processors may be so far from each other
// that what one writes for the other costs more than it does for both of them. So now and
// again it tries both ways, and goes by the time that they take.
type pace struct {
	ahead  bool // the way to go now
	stage  stageOfPace
	frames int       // to go in this stage
	begun  time.Time // of a trial
	took   time.Duration
	now    func() time.Time
}

type stageOfPace uint8

const (
	settled stageOfPace = iota
	warming             // what was before still shows
	trying
)

// How many frames belong to a stage: trials take a twentieth of the time, at most.
const (
	atFirst    = 1 << 20 // when flows are new, no part of a trace is like the next one
	settledFor = 1 << 22
	soon       = 1 << 20 // where reading ahead has not paid, or something else took time in its trial
	warmFor    = 1 << 14
	tryFor     = 1 << 15
)

func newPace() pace { return pace{ahead: true, frames: atFirst, now: time.Now} }

// note counts frames that went the way to go, and may change it.
func (p *pace) note(frames int) {
	if p.frames -= frames; p.frames > 0 {
		return
	}
	switch p.stage {
	case settled:
		p.ahead = true
		p.enter(warming, warmFor)
	case warming:
		p.enter(trying, tryFor)
		p.begun = p.now()
	case trying:
		p.tried(p.now().Sub(p.begun))
	}
}

// spoil says that something else has taken time, too.
func (p *pace) spoil() {
	if p.stage == trying {
		p.frames, p.begun = tryFor, p.now()
	}
}

// tried is the end of a trial that took a time. Where the two ways differ by little the
// trace is read ahead.
func (p *pace) tried(took time.Duration) {
	if p.ahead {
		p.ahead, p.took = false, took
		p.enter(warming, warmFor)
		return
	}
	if p.ahead = p.took < took+took/8; p.ahead {
		p.enter(settled, settledFor)
	} else {
		p.enter(settled, soon)
	}
}

func (p *pace) enter(s stageOfPace, frames int) { p.stage, p.frames = s, frames }
