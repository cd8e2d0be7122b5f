// Package usm is SNMPv3's User-based Security Model (RFC 3414), above all its server
// side: authentication, privacy (DES, RFC 3414 §8; AES, RFC 3826), the
// HMAC-SHA-2 protocols (RFC 7860), the engine with its ID, boots and time, and
// the time window.
//
// It works on security parameters that are decoded already and on whole
// messages as octets; it knows no BER, no PDU and no socket. mib/agent calls
// it for every SNMPv3 message, mib/client for those that gosnmp does not make. Keys are derived once, when a user is made
// (NewUser); nothing that arrives from the network can make it derive a key.
package usm

import (
	"fmt"
	"strings"
)

// Level is a security level, with the values of the two low bits of msgFlags
// (RFC 3412 §6.4). 2, privacy without authentication, does not exist.
type Level uint8

// The security levels.
const (
	NoAuthNoPriv Level = 0
	AuthNoPriv   Level = 1
	AuthPriv     Level = 3
)

// String returns the name RFC 3411 uses.
func (l Level) String() string {
	switch l {
	case NoAuthNoPriv:
		return "noAuthNoPriv"
	case AuthNoPriv:
		return "authNoPriv"
	case AuthPriv:
		return "authPriv"
	}
	return fmt.Sprintf("level(%d)", uint8(l))
}

// AuthProtocol is an authentication protocol.
type AuthProtocol uint8

// The authentication protocols: RFC 3414 §6 and §7, RFC 7860 §4.
const (
	NoAuth AuthProtocol = iota
	MD5
	SHA1
	SHA224
	SHA256
	SHA384
	SHA512
)

// PrivProtocol is a privacy protocol.
type PrivProtocol uint8

// The privacy protocols: RFC 3414 §8, RFC 3826, and for keys of 192 and 256
// bits the way net-snmp and most managers go: AES as in RFC 3826 with the key
// extended as in draft-blumenthal-aes-usm-04 §3.1.2.1.
const (
	NoPriv PrivProtocol = iota
	DES
	AES128
	AES192
	AES256
)

var (
	authNames = [...]string{"none", "MD5", "SHA-1", "SHA-224", "SHA-256", "SHA-384", "SHA-512"}
	privNames = [...]string{"none", "DES", "AES-128", "AES-192", "AES-256"}
)

// String returns the protocol's name as the users file spells it.
func (a AuthProtocol) String() string {
	if int(a) < len(authNames) {
		return authNames[a]
	}
	return fmt.Sprintf("auth(%d)", uint8(a))
}

// String returns the protocol's name as the users file spells it.
func (p PrivProtocol) String() string {
	if int(p) < len(privNames) {
		return privNames[p]
	}
	return fmt.Sprintf("priv(%d)", uint8(p))
}

// plain drops what spellings differ in: "SHA-256", "sha256", "SHA_256".
func plain(name string) string {
	return strings.NewReplacer("-", "", "_", "").Replace(strings.ToUpper(name))
}

// LookupAuth finds an authentication protocol by name, without regard to case
// and hyphens. SHA is SHA-1, as for net-snmp.
func LookupAuth(name string) (AuthProtocol, bool) {
	name = plain(name)
	if name == "SHA" {
		return SHA1, true
	}
	for i, n := range authNames[1:] {
		if plain(n) == name {
			return AuthProtocol(i + 1), true
		}
	}
	return NoAuth, false
}

// LookupPriv finds a privacy protocol by name, without regard to case and
// hyphens. AES is AES-128, as for net-snmp.
func LookupPriv(name string) (PrivProtocol, bool) {
	name = plain(name)
	if name == "AES" {
		return AES128, true
	}
	for i, n := range privNames[1:] {
		if plain(n) == name {
			return PrivProtocol(i + 1), true
		}
	}
	return NoPriv, false
}

// Fault is the reason why a message is refused. The values are the last
// sub-identifiers of usmStats (RFC 3414 §5), usmStats.Fault.0.
type Fault uint8

// The faults.
const (
	FaultNone            Fault = 0
	UnsupportedSecLevels Fault = 1
	NotInTimeWindows     Fault = 2
	UnknownUserNames     Fault = 3
	UnknownEngineIDs     Fault = 4
	WrongDigests         Fault = 5
	DecryptionErrors     Fault = 6

	// NumFaults is one more than the largest fault.
	NumFaults = 7
)

var faultNames = [NumFaults]string{"none", "unsupported security level",
	"not in time window", "unknown user name", "unknown engine ID",
	"wrong digest", "decryption error"}

// String returns the fault in words.
func (f Fault) String() string {
	if f < NumFaults {
		return faultNames[f]
	}
	return fmt.Sprintf("fault(%d)", uint8(f))
}

// Limits of RFC 3414 §2.4 and RFC 3411 §5.
const (
	MaxUserName   = 32 // octets of msgUserName
	MinPassphrase = 8  // octets (RFC 3414 §11.2)
	MinEngineID   = 5  // octets
	MaxEngineID   = 32 // octets
	SaltLen       = 8  // octets of msgPrivacyParameters
	MaxDigest     = 48 // octets of msgAuthenticationParameters (SHA-512)
)

// Params are the fields of UsmSecurityParameters (RFC 3414 §2.4). The slices
// belong to whoever made the Params.
type Params struct {
	EngineID []byte // msgAuthoritativeEngineID
	Boots    int32  // msgAuthoritativeEngineBoots
	Time     int32  // msgAuthoritativeEngineTime, seconds
	User     []byte // msgUserName
	Digest   []byte // msgAuthenticationParameters
	Salt     []byte // msgPrivacyParameters
}

// Secret holds a passphrase or community so that printing whatever contains
// it shows nothing: the text lies behind a pointer that fmt does not follow.
type Secret struct{ text *string }

// NewSecret hides text.
func NewSecret(text string) Secret { return Secret{&text} }

// Reveal returns the text.
func (s Secret) Reveal() string {
	if s.text == nil {
		return ""
	}
	return *s.text
}

// String hides the text.
func (s Secret) String() string { return "(secret)" }

// GoString hides the text.
func (s Secret) GoString() string { return "usm.Secret{}" }
