package usm

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"hash"
)

// newHash returns the protocol's hash, nil for NoAuth.
func (a AuthProtocol) newHash() hash.Hash {
	switch a {
	case MD5:
		return md5.New()
	case SHA1:
		return sha1.New()
	case SHA224:
		return sha256.New224()
	case SHA256:
		return sha256.New()
	case SHA384:
		return sha512.New384()
	case SHA512:
		return sha512.New()
	}
	return nil
}

// DigestLen returns the octets of msgAuthenticationParameters: the HMAC is
// cut to 96 bits (RFC 3414) or to the length RFC 7860 §4.1 names.
func (a AuthProtocol) DigestLen() int {
	return [...]int{0, 12, 12, 16, 24, 32, MaxDigest}[a]
}

// KeyLen returns the octets of key the cipher needs; for DES these are the
// key and the pre-IV.
func (p PrivProtocol) KeyLen() int {
	return [...]int{0, 16, 16, 24, 32}[p]
}

// expandedLen is how far a passphrase is repeated before it is hashed
// (RFC 3414 App. A.2).
const expandedLen = 1 << 20

// PassphraseKey turns a passphrase into the user's key Ku (RFC 3414 App. A.2).
// It hashes a megabyte, some milliseconds, and so must never be called for a
// message. a is not NoAuth and the passphrase is not empty.
func PassphraseKey(a AuthProtocol, passphrase string) []byte {
	h := a.newHash()
	// Repeating whole passphrases into a block whose length is a multiple of
	// theirs gives the same octets with few Writes.
	block := make([]byte, 0, 4096+len(passphrase))
	for len(block) < 4096 {
		block = append(block, passphrase...)
	}
	for left := expandedLen; left > 0; left -= len(block) {
		h.Write(block[:min(left, len(block))])
	}
	return h.Sum(nil)
}

// LocalKey localises a key to an engine: Kul = H(Ku, engineID, Ku)
// (RFC 3414 §2.6).
func LocalKey(a AuthProtocol, ku, engineID []byte) []byte {
	h := a.newHash()
	h.Write(ku)
	h.Write(engineID)
	h.Write(ku)
	return h.Sum(nil)
}

// ExtendKey makes a localised key n octets long. A key that is too short is
// extended as draft-blumenthal-aes-usm-04 §3.1.2.1 says, Kul = Kul || H(Kul)
// until it is long enough, which is what net-snmp does. (Cisco's other way,
// draft-reeder-snmpv3-usm-3desede, gives other keys and is not offered.)
func ExtendKey(a AuthProtocol, kul []byte, n int) []byte {
	key := append([]byte(nil), kul...)
	for len(key) < n {
		h := a.newHash()
		h.Write(key)
		key = h.Sum(key)
	}
	return key[:n]
}
