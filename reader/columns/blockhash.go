package columns

import (
	"bytes"
	"crypto/sha1"
	"encoding"
	"encoding/binary"
	"hash"
)

// blockHash is SHA-1 of short texts, with less work than package crypto/sha1 has with them:
// it is given the text and its padding as one block, and what it saves of its state behind
// that is the hash.
type blockHash struct {
	block [sha1.BlockSize]byte
	state []byte
	of    hash.Hash // nil if it does not save its state as expected
	save  encoding.BinaryAppender
}

const (
	maxText   = sha1.BlockSize - 1 - 8 // a block less the padding
	stateHead = len("sha\x01")         // octets of a state before the hash
)

func newBlockHash() *blockHash {
	h := &blockHash{}
	of := sha1.New()
	if save, ok := of.(encoding.BinaryAppender); ok {
		h.of, h.save = of, save
	}
	want := sha1.Sum(append(h.text(), "a text"...))
	if got := h.sum(len("a text")); !bytes.Equal(got, want[:]) {
		h.of = nil
	}
	return h
}

// text is where to append a text, of maxText octets at most.
func (h *blockHash) text() []byte { return h.block[:0] }

// sum is the hash of the first n octets of the text, valid until the next call.
func (h *blockHash) sum(n int) []byte {
	if h.of == nil {
		sum := sha1.Sum(h.block[:n])
		h.state = append(h.state[:0], sum[:]...)
		return h.state
	}
	clear(h.block[n:])
	h.block[n] = 0x80
	binary.BigEndian.PutUint16(h.block[sha1.BlockSize-2:], uint16(8*n))
	h.of.Reset()
	_, _ = h.of.Write(h.block[:]) // never fails
	state, err := h.save.AppendBinary(h.state[:0])
	if err != nil || len(state) < stateHead+sha1.Size {
		return nil // as newBlockHash finds out
	}
	h.state = state
	return state[stateHead:][:sha1.Size]
}
