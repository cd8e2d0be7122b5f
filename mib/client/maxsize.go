package client

import (
	"netramet/mib/ber"
	"netramet/mib/usm"
)

// answers tells the meter in each message of SNMPv3 how large its answer may be
// (msgMaxSize, RFC 3412 §6.3), which gosnmp leaves at the largest there is. Since a
// message is signed as a whole, it signs it again.
type answers struct {
	config usm.UserConfig
	engine string    // whose keys user has
	user   *usm.User // nil before the first signed message
}

// newAnswers makes them ready for s, which has been checked.
func newAnswers(s Security) *answers {
	name := s.Auth
	if name == "" {
		name = "SHA"
	}
	auth, _ := usm.LookupAuth(name)
	return &answers{config: usm.UserConfig{Name: s.User, Auth: auth, AuthPass: usm.NewSecret(s.AuthPass)}}
}

// limit returns the message with another msgMaxSize; the message as it is if it is
// of another version.
func (a *answers) limit(msg []byte, size int) []byte {
	_, body, _, err := element(msg)
	if err != nil {
		return msg
	}
	version, rest, ok := integer(body)
	if !ok || version != version3 {
		return msg
	}
	_, header, secured, err := element(rest)
	if err != nil {
		return msg
	}
	id, rest, ok := integer(header)
	if !ok {
		return msg
	}
	_, rest, ok = integer(rest) // the size as it was
	if !ok {
		return msg
	}
	var w ber.Writer
	w.Reset(make([]byte, len(msg)+8))
	w.Raw(secured)
	mark := w.Len()
	w.Raw(rest)
	w.Int(ber.Integer, int64(size))
	w.Int(ber.Integer, int64(id))
	w.Wrap(ber.Sequence, mark)
	w.Int(ber.Integer, version3)
	w.Wrap(ber.Sequence, 0)
	if w.Err() != nil { // impossible: it has at most the same parts
		return msg
	}
	limited := w.Bytes()
	if !a.sign(limited, secured) {
		return msg
	}
	return limited
}

// sign puts a new digest into the message, which ends with secured: its security
// parameters and scoped PDU. It reports false if that cannot be done.
func (a *answers) sign(msg, secured []byte) bool {
	_, text, _, err := element(secured)
	if err != nil {
		return false
	}
	_, rest, _, err := element(text)
	if err != nil {
		return false
	}
	var parts [5][]byte // engine ID, boots, time, user name, digest
	for i := range parts {
		if _, parts[i], rest, err = element(rest); err != nil {
			return false
		}
	}
	digest := parts[4]
	if len(digest) == 0 {
		return true // not a signed one
	}
	if engine := string(parts[0]); a.user == nil || a.engine != engine {
		u, err := usm.NewUser(a.config, parts[0])
		if err != nil {
			return false
		}
		a.user, a.engine = u, engine
	}
	if len(digest) != a.user.DigestLen() {
		return false
	}
	// digest is a part of secured, with the same end: their capacities tell where.
	a.user.Sign(msg, len(msg)-len(secured)+cap(secured)-cap(digest))
	return true
}
