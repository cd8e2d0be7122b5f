package usm

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/des"
	"crypto/hmac"
	"crypto/subtle"
	"fmt"
	"hash"
)

// UserConfig says what a user needs. It can be printed: the passphrases do
// not show.
type UserConfig struct {
	Name     string
	Auth     AuthProtocol
	AuthPass Secret // used iff Auth is not NoAuth
	Priv     PrivProtocol
	PrivPass Secret // used iff Priv is not NoPriv
}

// Check reports what is wrong with the configuration, without ever showing a
// passphrase. It derives no key.
func (c *UserConfig) Check() error {
	switch {
	case len(c.Name) == 0 || len(c.Name) > MaxUserName:
		return fmt.Errorf("a user's name has 1 to %d octets", MaxUserName)
	case c.Auth > SHA512 || c.Priv > AES256:
		return fmt.Errorf("user %q: unknown protocol", c.Name)
	case c.Priv != NoPriv && c.Auth == NoAuth:
		return fmt.Errorf("user %q: privacy needs authentication (RFC 3414 §1.4.3)", c.Name)
	case c.Auth != NoAuth && len(c.AuthPass.Reveal()) < MinPassphrase:
		return fmt.Errorf("user %q: the authentication passphrase is shorter than %d octets (RFC 3414 §11.2)",
			c.Name, MinPassphrase)
	case c.Priv != NoPriv && len(c.PrivPass.Reveal()) < MinPassphrase:
		return fmt.Errorf("user %q: the privacy passphrase is shorter than %d octets (RFC 3414 §11.2)",
			c.Name, MinPassphrase)
	}
	return nil
}

// Level returns the highest level the user can use.
func (c *UserConfig) Level() Level {
	switch {
	case c.Priv != NoPriv:
		return AuthPriv
	case c.Auth != NoAuth:
		return AuthNoPriv
	}
	return NoAuthNoPriv
}

// User is one user with the keys for one engine. Printing one shows its name
// and protocols only. Its methods use scratch memory of the User, so one
// goroutine at a time may call them.
type User struct {
	name string
	auth AuthProtocol
	priv PrivProtocol
	k    *keys // behind a pointer so that %+v cannot print it
}

// keys holds a user's ready-made primitives: no key is set up per message.
type keys struct {
	mac   hash.Hash    // HMAC with the localised authentication key
	block cipher.Block // with the localised privacy key; nil iff NoPriv
	preIV [des.BlockSize]byte
	sum   [64]byte // scratch for an HMAC
	iv    [16]byte // scratch for the ciphers
	pad   [16]byte // scratch for the ciphers
	zeros [MaxDigest]byte
}

// Users maps user names to users of one engine.
type Users map[string]*User

// NewUser derives the user's keys for the engine with the given ID. It takes
// some milliseconds per passphrase.
func NewUser(c UserConfig, engineID []byte) (*User, error) {
	if err := c.Check(); err != nil {
		return nil, err
	}
	u := &User{name: c.Name, auth: c.Auth, priv: c.Priv, k: new(keys)}
	if c.Auth == NoAuth {
		return u, nil
	}
	ku := PassphraseKey(c.Auth, c.AuthPass.Reveal())
	u.k.mac = hmac.New(c.Auth.newHash, LocalKey(c.Auth, ku, engineID))
	if c.Priv == NoPriv {
		return u, nil
	}
	if c.PrivPass.Reveal() != c.AuthPass.Reveal() {
		ku = PassphraseKey(c.Auth, c.PrivPass.Reveal())
	}
	return u, u.setPrivKey(LocalKey(c.Auth, ku, engineID))
}

// setPrivKey makes the cipher from the localised key, before extension.
func (u *User) setPrivKey(kul []byte) (err error) {
	key := ExtendKey(u.auth, kul, u.priv.KeyLen())
	if u.priv == DES {
		// RFC 3414 §8.1.1.1: 8 octets of key, 8 of pre-IV.
		copy(u.k.preIV[:], key[8:])
		u.k.block, err = des.NewCipher(key[:8])
	} else {
		u.k.block, err = aes.NewCipher(key)
	}
	if err != nil {
		return fmt.Errorf("user %q: %w", u.name, err)
	}
	return nil
}

// Name returns the user's name.
func (u *User) Name() string { return u.name }

// Level returns the highest level the user can use.
func (u *User) Level() Level {
	return (&UserConfig{Auth: u.auth, Priv: u.priv}).Level()
}

// DigestLen returns the octets of msgAuthenticationParameters in the user's
// authenticated messages.
func (u *User) DigestLen() int { return u.auth.DigestLen() }

// String tells the user's name and protocols.
func (u *User) String() string {
	return fmt.Sprintf("user %q (%v, %v)", u.name, u.auth, u.priv)
}

// digest computes the full HMAC over msg with the n octets at position at
// taken as zero. The message itself is not touched.
func (u *User) digest(msg []byte, at, n int) []byte {
	m := u.k.mac
	m.Reset()
	m.Write(msg[:at])
	m.Write(u.k.zeros[:n])
	m.Write(msg[at+n:])
	return m.Sum(u.k.sum[:0])
}

// Sign fills in the digest of msg at position at, where DigestLen octets are
// kept for it (RFC 3414 §6.3.1). The user's level is not NoAuthNoPriv.
func (u *User) Sign(msg []byte, at int) {
	n := u.DigestLen()
	copy(msg[at:at+n], u.digest(msg, at, n))
}

// Authentic checks the digest of msg, which stands at position at
// (RFC 3414 §6.3.2). The user's level is not NoAuthNoPriv.
func (u *User) Authentic(msg, digest []byte, at int) bool {
	n := u.DigestLen()
	return len(digest) == n &&
		subtle.ConstantTimeCompare(digest, u.digest(msg, at, n)[:n]) == 1
}
