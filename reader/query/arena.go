package query

// arena keeps keys of any length, one behind the other, in chunks that never move.
type arena struct {
	chunks [][]byte
}

// keyAt says where a key is: number of the chunk, place in it, and length.
type keyAt uint64

// Chunks are small at first, so that a small answer is small. No key is longer than one.
const (
	minChunk = 1 << 16
	maxChunk = 1 << 24
)

// put keeps a key of less than minChunk octets.
func (a *arena) put(key []byte) keyAt {
	last := len(a.chunks) - 1
	if last < 0 || cap(a.chunks[last])-len(a.chunks[last]) < len(key) {
		a.chunks = append(a.chunks, make([]byte, 0, minChunk<<min(len(a.chunks), 8)))
		last++
	}
	c := &a.chunks[last]
	at := keyAt(last)<<40 | keyAt(len(*c))<<16 | keyAt(len(key))
	*c = append(*c, key...)
	return at
}

func (a *arena) get(at keyAt) []byte {
	from := int(at >> 16 & (maxChunk - 1))
	return a.chunks[at>>40][from : from+int(at&0xffff)]
}
