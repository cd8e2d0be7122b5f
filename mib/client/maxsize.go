package client

import (
	"netramet/mib/ber"
)

// answers tells the meter in each message of SNMPv3 how large its answer may be
// (msgMaxSize, RFC 3412 §6.3), which gosnmp leaves at the largest there is. Since a
// message is signed as a whole, it signs it again.
type answers struct{ keys *keyring }

// limit returns the message with another msgMaxSize; the message as it is if it is
// of another version.
func (a answers) limit(msg []byte, size int) []byte {
	whole := ber.NewReader(msg)
	body, err := whole.Enter(ber.Sequence)
	if err != nil {
		return msg
	}
	version, err := body.Int32()
	if err != nil || version != version3 {
		return msg
	}
	header, err := body.Enter(ber.Sequence)
	if err != nil {
		return msg
	}
	id, err := header.Int32()
	if err != nil {
		return msg
	}
	if _, err = header.Int32(); err != nil { // the size as it was
		return msg
	}
	secured := body.Rest()
	var w ber.Writer
	w.Reset(make([]byte, len(msg)+8))
	w.Raw(secured)
	mark := w.Len()
	w.Raw(header.Rest())
	w.Int(ber.Integer, int64(size))
	w.Int(ber.Integer, int64(id))
	w.Wrap(ber.Sequence, mark)
	w.Int(ber.Integer, version3)
	w.Wrap(ber.Sequence, 0)
	if w.Err() != nil { // impossible: it has at most the same parts
		return msg
	}
	limited := w.Bytes()
	if !a.sign(limited) {
		return msg
	}
	return limited
}

// sign puts a new digest into the message. It reports false if that cannot be done.
func (a answers) sign(msg []byte) bool {
	whole := ber.NewReader(msg)
	body, err := whole.Enter(ber.Sequence)
	if err != nil {
		return false
	}
	if err = body.Skip(2); err != nil { // version and header
		return false
	}
	text, err := body.Enter(ber.OctetString)
	if err != nil {
		return false
	}
	params, err := text.Enter(ber.Sequence)
	if err != nil {
		return false
	}
	engine, err := params.Octets(ber.OctetString)
	if err != nil {
		return false
	}
	if err = params.Skip(3); err != nil { // boots, time, user name
		return false
	}
	digest, err := params.Octets(ber.OctetString)
	if err != nil {
		return false
	}
	if len(digest) == 0 {
		return true // not a signed one
	}
	user, err := a.keys.user(engine)
	if err != nil {
		return false
	}
	if len(digest) != user.DigestLen() {
		return false
	}
	user.Sign(msg, params.Offset()-len(digest))
	return true
}
