package client

// pace chooses how much to ask for with one GetBulk, so that its answer is
// the largest datagram that both sides and the path between them bear: it
// doubles as long as answers come, and shrinks when one is lost. After each
// loss it grows more slowly.
type pace struct {
	size     int // octets wanted
	max      int
	row      int // octets of one variable, as seen last
	calm     int // answers without loss since the size changed
	patience int // of them until the next growth
}

const (
	maxPatience = 256
	maxReps     = 4096
	firstRow    = 200 // octets of a variable before one was seen
	envelope    = 120 // octets of an answer beside its variables, or less
)

func newPace(near bool, limit int) pace {
	p := pace{size: SafeDatagram, max: MaxDatagram, row: firstRow, patience: 1}
	if limit > 0 {
		p.max = limit
		p.size = min(p.size, limit)
	}
	if near {
		p.size = p.max
	}
	return p
}

// reps is how many variables to ask for.
func (p *pace) reps() int {
	return min(max((p.size-envelope)/max(p.row, 1), 1), maxReps)
}

// answered notes an answer of some octets with some variables.
func (p *pace) answered(octets, variables int) {
	if variables > 0 {
		p.row = max(octets/variables, 8)
	}
	p.calm++
	if p.calm >= p.patience && p.size < p.max {
		p.size, p.calm = min(2*p.size, p.max), 0
	}
}

// lost notes that something was lost on the way. It reports false if nothing
// smaller can be asked for.
func (p *pace) lost() bool {
	p.calm, p.patience = 0, min(2*p.patience, maxPatience)
	small := min(SafeDatagram, p.max)
	if p.size <= small {
		return false
	}
	p.size = max(p.size/2, small)
	return true
}
