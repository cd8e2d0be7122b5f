package usm

import (
	"crypto/cipher"
	"crypto/des"
	"crypto/rand"
	"crypto/subtle"
	"encoding/binary"
)

// The two modes are written out here, over crypto/des and crypto/aes: the
// standard library's CBC allocates for every message, and its CFB is
// deprecated for new designs, which RFC 3826 is not.

// cfb runs AES in 128-bit cipher feedback over data, in place. The feedback
// is always the ciphertext, which is the output when encrypting and the input
// when decrypting.
func cfb(b cipher.Block, iv, pad *[16]byte, data []byte, decrypt bool) {
	for len(data) > 0 {
		b.Encrypt(pad[:], iv[:])
		n := min(len(data), len(iv))
		if decrypt {
			copy(iv[:], data[:n])
		}
		subtle.XORBytes(data[:n], data[:n], pad[:n])
		if !decrypt {
			copy(iv[:], data[:n])
		}
		data = data[n:]
	}
}

// cbcEncrypt runs DES in cipher block chaining over data, in place; len(data)
// is a multiple of 8.
func cbcEncrypt(b cipher.Block, iv []byte, data []byte) {
	for ; len(data) > 0; data = data[des.BlockSize:] {
		blk := data[:des.BlockSize]
		subtle.XORBytes(blk, blk, iv)
		b.Encrypt(blk, blk)
		iv = blk
	}
}

// cbcDecrypt undoes cbcEncrypt, from the last block to the first, so that the
// ciphertext before a block is still there when it is needed.
func cbcDecrypt(b cipher.Block, iv []byte, data []byte) {
	for i := len(data) - des.BlockSize; i >= 0; i -= des.BlockSize {
		blk := data[i : i+des.BlockSize]
		b.Decrypt(blk, blk)
		prev := iv
		if i > 0 {
			prev = data[i-des.BlockSize : i]
		}
		subtle.XORBytes(blk, blk, prev)
	}
}

// setIV computes the initialisation vector: pre-IV XOR salt for DES
// (RFC 3414 §8.1.1.1), boots, time and salt for AES (RFC 3826 §3.1.2.1).
func (u *User) setIV(boots, seconds int32, salt []byte) {
	iv := &u.k.iv
	if u.priv == DES {
		subtle.XORBytes(iv[:des.BlockSize], u.k.preIV[:], salt)
		return
	}
	binary.BigEndian.PutUint32(iv[0:], uint32(boots))
	binary.BigEndian.PutUint32(iv[4:], uint32(seconds))
	copy(iv[8:], salt)
}

// Padded returns the octets that n octets of plaintext take when encrypted.
func (u *User) Padded(n int) int {
	if u.priv == DES {
		return (n + des.BlockSize - 1) &^ (des.BlockSize - 1)
	}
	return n
}

// Salts gives salts of which none comes twice.
type Salts struct{ last uint64 }

// NewSalts begins at a random salt.
func NewSalts() Salts {
	var seed [8]byte
	rand.Read(seed[:]) // never fails
	return Salts{binary.BigEndian.Uint64(seed[:])}
}

// Next gives the next salt for a message of an engine that has booted so often. RFC
// 3414 §8.1.1.1 wants boots and a 32-bit counter for DES, RFC 3826 §3.1.3.1 a 64-bit
// counter.
func (s *Salts) Next(u *User, boots int32) (salt [SaltLen]byte) {
	s.last++
	if u.priv == DES {
		binary.BigEndian.PutUint32(salt[:], uint32(boots))
		binary.BigEndian.PutUint32(salt[4:], uint32(s.last))
		return salt
	}
	binary.BigEndian.PutUint64(salt[:], s.last)
	return salt
}

// Encrypt encrypts data in place; len(data) is a result of Padded, and boots
// and seconds are those of the message. salt must never be used twice with
// one key; Salts gives them. The user's level is AuthPriv.
func (u *User) Encrypt(data []byte, boots, seconds int32, salt *[SaltLen]byte) {
	u.setIV(boots, seconds, salt[:])
	if u.priv == DES {
		cbcEncrypt(u.k.block, u.k.iv[:des.BlockSize], data)
		return
	}
	cfb(u.k.block, &u.k.iv, &u.k.pad, data, false)
}

// Decrypt decrypts data in place, with the boots, time and salt of the
// message it came in. It reports whether salt and data have legal lengths; a
// wrong key is seen only in what comes out. The user's level is AuthPriv.
func (u *User) Decrypt(data []byte, p *Params) bool {
	if len(p.Salt) != SaltLen {
		return false
	}
	u.setIV(p.Boots, p.Time, p.Salt)
	if u.priv == DES {
		if len(data)%des.BlockSize != 0 {
			return false
		}
		cbcDecrypt(u.k.block, u.k.iv[:des.BlockSize], data)
		return true
	}
	cfb(u.k.block, &u.k.iv, &u.k.pad, data, true)
	return true
}
