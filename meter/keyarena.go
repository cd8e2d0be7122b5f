package meter

import (
	"encoding/binary"

	"netramet/internal/slab"
)

// keyArena stores flow keys by size class of 8 octets. Keys do not move.
type keyArena struct {
	classes [keyClasses]keyClass
}

// keyRef is a stored key's number in its class, which its length tells.
type keyRef uint32

const keyClasses = 32 // 8, 16, ... 256 octets

// class is the class of keys of n octets.
func (a *keyArena) class(n int) *keyClass { return &a.classes[(n-1)/8] }

// keyClass holds keys of one size. Those given back are linked: each holds the
// number+1 of the one given back before it, 0 if it was the first.
type keyClass struct {
	keys slab.Bytes
	free uint32 // number+1 of the one given back last; 0: none
}

func (a *keyArena) put(key []byte) keyRef {
	c := a.class(len(key))
	var i uint32
	if c.free > 0 {
		i = c.free - 1
		c.free = binary.LittleEndian.Uint32(c.keys.At(i))
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
	binary.LittleEndian.PutUint32(c.keys.At(uint32(r)), c.free)
	c.free = uint32(r) + 1
}

// bytes is what the keys take, in octets.
func (a *keyArena) bytes() (n int) {
	for i := range a.classes {
		n += int(a.classes[i].keys.Len()) * a.classes[i].keys.Size
	}
	return n
}
