package spelling

import "slices"

// Nearest returns those of words, in the order of their letters, that name is
// most likely meant to be: at most most changes away, and among equals the ones
// that begin and end most like it. A word that is name itself is none.
func Nearest(name string, words []string, most int) []string {
	var best []string
	alike := 0
	for _, w := range words {
		if w == name {
			continue
		}
		d := Distance(name, w, most)
		if d > most {
			continue
		}
		if same := ends(name, w); d < most || len(best) == 0 || same > alike {
			best, most, alike = best[:0], d, same
		} else if same < alike {
			continue
		}
		best = append(best, w)
	}
	slices.Sort(best)
	return slices.Compact(best)
}

// ends counts the octets at both ends that a and b share.
func ends(a, b string) int {
	n := min(len(a), len(b))
	head := 0
	for head < n && a[head] == b[head] {
		head++
	}
	tail := 0
	for tail < n-head && a[len(a)-1-tail] == b[len(b)-1-tail] {
		tail++
	}
	return head + tail
}
