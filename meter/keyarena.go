package meter

import "netramet/internal/slab"

// keyArena stores flow keys by size class of 8 octets. Keys do not move.
type keyArena struct {
	classes [keyClasses]keyClass
}

// keyRef names a stored key: 5 bits of class, 27 bits of number in the class.
type keyRef uint32

const (
	keyClasses = 32 // 8, 16, ... 256 octets
	keyRefBits = 27
	keyRefMask = 1<<keyRefBits - 1
)

type keyClass struct {
	keys slab.Bytes
	free []uint32 // numbers given back
}

func (a *keyArena) put(key []byte) keyRef {
	class := (len(key) - 1) / 8
	c := &a.classes[class]
	var i uint32
	if n := len(c.free); n > 0 {
		i, c.free = c.free[n-1], c.free[:n-1]
	} else {
		c.keys.Size = 8 * (class + 1)
		i = c.keys.Grow()
	}
	copy(c.keys.At(i), key)
	return keyRef(class)<<keyRefBits | keyRef(i)
}

// get returns the stored key of n octets; it belongs to the arena.
func (a *keyArena) get(r keyRef, n int) []byte {
	return a.classes[r>>keyRefBits].keys.At(uint32(r) & keyRefMask)[:n]
}

func (a *keyArena) drop(r keyRef) {
	c := &a.classes[r>>keyRefBits]
	c.free = append(c.free, uint32(r)&keyRefMask)
}

// bytes is what the keys take, in octets.
func (a *keyArena) bytes() (n int) {
	for i := range a.classes {
		n += int(a.classes[i].keys.Len())*a.classes[i].keys.Size + 4*cap(a.classes[i].free)
	}
	return n
}
