package meter

import "netramet/internal/slab"

// keyArena stores flow keys by size class of 8 octets. Keys do not move.
type keyArena struct {
	classes [keyClasses]keyClass
}

// keyRef is a stored key's number in its class, which its length tells.
type keyRef uint32

const keyClasses = 32 // 8, 16, ... 256 octets

// class is the class of keys of n octets.
func (a *keyArena) class(n int) *keyClass { return &a.classes[(n-1)/8] }

type keyClass struct {
	keys slab.Bytes
	free []uint32 // numbers given back
}

func (a *keyArena) put(key []byte) keyRef {
	c := a.class(len(key))
	var i uint32
	if n := len(c.free); n > 0 {
		i, c.free = c.free[n-1], c.free[:n-1]
	} else {
		c.keys.Size = (len(key) + 7) &^ 7
		i = c.keys.Grow()
	}
	copy(c.keys.At(i), key)
	return keyRef(i)
}

// get returns the stored key of n octets; it belongs to the arena.
func (a *keyArena) get(r keyRef, n int) []byte {
	return a.class(n).keys.At(uint32(r))[:n]
}

// drop gives the room of a key of n octets back.
func (a *keyArena) drop(r keyRef, n int) {
	c := a.class(n)
	c.free = append(c.free, uint32(r))
}

// bytes is what the keys take, in octets.
func (a *keyArena) bytes() (n int) {
	for i := range a.classes {
		n += int(a.classes[i].keys.Len())*a.classes[i].keys.Size + 4*cap(a.classes[i].free)
	}
	return n
}
