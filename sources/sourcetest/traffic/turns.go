package traffic

// turns holds the flows of a link that have packets to come, the one whose
// turn is next at the front: a binary heap, by time.
type turns []linkFlow

func (a *turns) add(f linkFlow) {
	h := append(*a, f)
	*a = h
	for i := len(h) - 1; i > 0; {
		up := (i - 1) / 2
		if h[up].next <= h[i].next {
			return
		}
		h[up], h[i] = h[i], h[up]
		i = up
	}
}

// settle puts the flow at the front where it belongs, when its time has changed.
func (a turns) settle() {
	for i := 0; ; {
		down := 2*i + 1
		if down >= len(a) {
			return
		}
		if right := down + 1; right < len(a) && a[right].next < a[down].next {
			down = right
		}
		if a[i].next <= a[down].next {
			return
		}
		a[i], a[down] = a[down], a[i]
		i = down
	}
}

// drop takes the flow at the front away.
func (a *turns) drop() {
	h := *a
	last := len(h) - 1
	h[0] = h[last]
	*a = h[:last]
	a.settle()
}
