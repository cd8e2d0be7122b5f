package capfile

import "slices"

// burrowsWheeler gives the last octets of all sorted rotations of data, and
// the place of the unrotated one. Rotations are sorted by prefix doubling
// with a counting sort per round: no input is bad for it.
func burrowsWheeler(data []byte) (last []byte, origin int) {
	n := len(data)
	rank, next := make([]int, n), make([]int, n)
	order, shifted := make([]int, n), make([]int, n)
	for i, c := range data {
		rank[i], shifted[i] = int(c), i
	}
	count := make([]int, max(256, n)+1)
	for width := 0; ; {
		// shifted is sorted by the second half; a stable sort by the first
		// half sorts by both.
		clear(count)
		for _, r := range rank {
			count[r+1]++
		}
		for i := 1; i < len(count); i++ {
			count[i] += count[i-1]
		}
		for _, i := range shifted {
			order[count[rank[i]]] = i
			count[rank[i]]++
		}
		// Equal pairs get equal ranks.
		next[order[0]] = 0
		for k := 1; k < n; k++ {
			i, j := order[k-1], order[k]
			next[j] = next[i]
			if rank[i] != rank[j] || rank[(i+width)%n] != rank[(j+width)%n] {
				next[j]++
			}
		}
		rank, next = next, rank
		if rank[order[n-1]] == n-1 || width >= n {
			break
		}
		width = max(1, 2*width)
		for k, i := range order {
			shifted[k] = ((i-width)%n + n) % n
		}
	}
	last = make([]byte, n)
	for k, i := range order {
		last[k] = data[(i+n-1)%n]
		if i == 0 {
			origin = k
		}
	}
	return last, origin
}

// moveToFront codes data as places in a list of recently used octets, with
// runs of place 0 in bijective base 2 (RUNA 0, RUNB 1), place n as symbol
// n+1, and the end symbol last. used says which octets occur.
func moveToFront(data []byte) (symbols []uint16, used [256]bool) {
	for _, c := range data {
		used[c] = true
	}
	var list []byte
	for c, u := range used {
		if u {
			list = append(list, byte(c))
		}
	}
	end := uint16(len(list) + 1)
	zeros := 0
	flush := func() {
		for ; zeros > 0; zeros = (zeros - 1) / 2 {
			symbols = append(symbols, uint16((zeros-1)&1))
		}
	}
	for _, c := range data {
		at := slices.Index(list, c)
		if at == 0 {
			zeros++
			continue
		}
		flush()
		copy(list[1:], list[:at])
		list[0] = c
		symbols = append(symbols, uint16(at+1))
	}
	flush()
	return append(symbols, end), used
}

// maxCode is the longest code written, under the format's 20 bits.
const maxCode = 17

// huffmanLengths gives code lengths of 1 to maxCode bits. Where the tree is
// too deep, counts are flattened and it is built again, as bzip2 itself does.
// Every symbol gets a code, as the format asks.
func huffmanLengths(counts []int) []uint {
	weights := make([]int, len(counts))
	for i, c := range counts {
		weights[i] = max(c, 1)
	}
	for {
		lengths := huffmanTree(weights)
		if slices.Max(lengths) <= maxCode {
			return lengths
		}
		for i, w := range weights {
			weights[i] = w/2 + 1
		}
	}
}

// huffmanTree joins the two lightest trees until one is left. There are at
// most 258 symbols, so looking for the lightest is quick enough.
func huffmanTree(weights []int) []uint {
	type tree struct {
		weight  int
		symbols []int
	}
	var trees []tree
	for i, w := range weights {
		trees = append(trees, tree{w, []int{i}})
	}
	lengths := make([]uint, len(weights))
	for len(trees) > 1 {
		slices.SortStableFunc(trees, func(a, b tree) int { return b.weight - a.weight })
		n := len(trees)
		a, b := trees[n-1], trees[n-2]
		joined := tree{a.weight + b.weight, append(slices.Clone(a.symbols), b.symbols...)}
		for _, s := range joined.symbols {
			lengths[s]++
		}
		trees = append(trees[:n-2], joined)
	}
	return lengths
}

// canonicalCodes gives the codes of the lengths: short ones first, equal ones
// in symbol order.
func canonicalCodes(lengths []uint) []uint32 {
	codes := make([]uint32, len(lengths))
	code := uint32(0)
	for l := uint(1); l <= maxCode; l++ {
		for s, n := range lengths {
			if n == l {
				codes[s] = code
				code++
			}
		}
		code <<= 1
	}
	return codes
}
