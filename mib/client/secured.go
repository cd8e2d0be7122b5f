package client

import (
	"math"
	"time"

	"github.com/gosnmp/gosnmp"

	"netramet/mib/ber"
	"netramet/mib/usm"
	"netramet/mib/v3"
)

// keyring has the keys of one user for the meter's engine.
type keyring struct {
	config usm.UserConfig
	level  usm.Level
	engine string    // whose keys user has
	have   *usm.User // nil before the first
}

// newKeyring makes it ready for s, which has been checked and is of SNMPv3.
func newKeyring(s Security) *keyring {
	level, _ := s.level()
	k := &keyring{config: usm.UserConfig{Name: s.User}, level: usm.Level(level & 3)}
	orElse := func(name, other string) string {
		if name == "" {
			return other
		}
		return name
	}
	if k.level != usm.NoAuthNoPriv {
		k.config.Auth, _ = usm.LookupAuth(orElse(s.Auth, "SHA"))
		k.config.AuthPass = usm.NewSecret(s.AuthPass)
	}
	if k.level == usm.AuthPriv {
		k.config.Priv, _ = usm.LookupPriv(orElse(s.Priv, "AES"))
		k.config.PrivPass = usm.NewSecret(s.PrivPass)
	}
	return k
}

// user is the user with the keys for an engine.
func (k *keyring) user(engine []byte) (*usm.User, error) {
	if k.have == nil || k.engine != string(engine) {
		u, err := usm.NewUser(k.config, engine)
		if err != nil {
			return nil, err
		}
		k.have, k.engine = u, string(engine)
	}
	return k.have, nil
}

// secured is SNMPv3's security of the messages of own: RFC 3414 §3.1 for requests,
// §3.2 for answers. Which engine the meter has and how its clock stood, gosnmp finds
// out; from there on the clock is followed by what answers tell (§2.3).
type secured struct {
	keys  *keyring
	salts usm.Salts

	engine      string // authoritative
	boots, time int32  // of the engine, as heard last
	heard       time.Time
}

func newSecured(keys *keyring) *secured {
	return &secured{keys: keys, salts: usm.NewSalts()}
}

// learn takes over what gosnmp knows of the engine. It reports false if that is
// nothing yet.
func (s *secured) learn(x *gosnmp.GoSNMP) bool {
	p, ok := x.SecurityParameters.(*gosnmp.UsmSecurityParameters)
	if !ok || p.AuthoritativeEngineID == "" || p.AuthoritativeEngineBoots > math.MaxInt32 || p.AuthoritativeEngineTime > math.MaxInt32 {
		return false
	}
	boots, seconds := int32(p.AuthoritativeEngineBoots), int32(p.AuthoritativeEngineTime)
	if p.AuthoritativeEngineID != s.engine {
		s.engine, s.boots, s.time = p.AuthoritativeEngineID, -1, 0
	}
	s.hear(boots, seconds)
	return true
}

// hear follows the engine's clock, which only goes forward.
func (s *secured) hear(boots, seconds int32) {
	if boots > s.boots || boots == s.boots && seconds > s.time {
		s.boots, s.time, s.heard = boots, seconds, time.Now()
	}
}

// now is the time of the engine.
func (s *secured) now() int64 { return int64(s.time) + int64(time.Since(s.heard)/time.Second) }

// seal makes the PDU that w has in buf a message.
func (s *secured) seal(x *gosnmp.GoSNMP, w *ber.Writer, buf []byte, id int32, maxSize int) (msg []byte, ok bool) {
	if !s.learn(x) {
		return nil, false
	}
	user, err := s.keys.user([]byte(s.engine))
	if err != nil {
		return nil, false
	}
	w.Octets(ber.OctetString, nil) // contextName
	w.Octets(ber.OctetString, []byte(s.engine))
	w.Wrap(ber.Sequence, 0)
	p := usm.Params{EngineID: []byte(s.engine), Boots: s.boots, Time: int32(min(s.now(), math.MaxInt32)), User: []byte(s.keys.config.Name)}
	if s.keys.level == usm.AuthPriv {
		pdu := w.Bytes()
		padded := user.Padded(len(pdu))
		if w.Err() != nil || padded > len(buf) {
			return nil, false
		}
		// Encrypted parts may be longer, by zeros at the end.
		at := len(buf) - padded
		copy(buf[at:], pdu)
		clear(buf[at+len(pdu):])
		salt := s.salts.Next(user, p.Boots)
		user.Encrypt(buf[at:], p.Boots, p.Time, &salt)
		p.Salt = salt[:]
		w.ResetAt(buf, at)
		w.Wrap(ber.OctetString, 0)
	}
	if s.keys.level != usm.NoAuthNoPriv {
		p.Digest = make([]byte, user.DigestLen())
	}
	h := v3.Header{MsgID: id, MaxSize: int32(maxSize), Model: v3.SecurityModel, Flags: byte(s.keys.level) | v3.Reportable}
	digestAt := v3.Write(w, &h, &p)
	w.Int(ber.Integer, version3)
	w.Wrap(ber.Sequence, 0)
	if w.Err() != nil {
		return nil, false
	}
	msg = w.Bytes()
	if s.keys.level != usm.NoAuthNoPriv {
		user.Sign(msg, digestAt-w.Pos())
	}
	return msg, true
}

// open verifies and decrypts an answer, of which body begins behind the version, and
// returns what is behind the context in its ScopedPDU. It reports false for all that
// is not secured as the request was.
func (s *secured) open(msg []byte, body ber.Reader) (pdu ber.Reader, ok bool) {
	var h v3.Header
	var p usm.Params
	if h.Read(&body) != nil || h.Model != v3.SecurityModel || h.Level() != s.keys.level {
		return pdu, false
	}
	digestAt, err := v3.ReadParams(&body, &p)
	if err != nil || string(p.EngineID) != s.engine || string(p.User) != s.keys.config.Name {
		return pdu, false
	}
	if s.keys.level != usm.NoAuthNoPriv && !s.authentic(msg, &p, digestAt) {
		return pdu, false
	}
	if s.keys.level == usm.AuthPriv {
		data, err := body.Octets(ber.OctetString)
		if err != nil || body.Done() != nil || !s.keys.have.Decrypt(data, &p) {
			return pdu, false
		}
		body = ber.NewReader(data)
	}
	engine, name, pdu, err := v3.ScopedPDU(&body)
	return pdu, err == nil && string(engine) == s.engine && len(name) == 0
}

// authentic checks the digest, and that the message is not an old one.
func (s *secured) authentic(msg []byte, p *usm.Params, digestAt int) bool {
	if !s.keys.have.Authentic(msg, p.Digest, digestAt) {
		return false
	}
	s.hear(p.Boots, p.Time)
	return p.Boots == s.boots && p.Boots != math.MaxInt32 && int64(p.Time) >= s.now()-usm.TimeWindow
}
