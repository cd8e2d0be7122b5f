// Package v3 is the head of SNMPv3's messages (RFC 3412 §6, RFC 3414 §2.4): the
// header and the security parameters, read and written.
//
// It verifies, signs and encrypts nothing; mib/usm does. mib/agent calls it for
// requests and their answers, mib/client the other way round.
package v3

import (
	"errors"

	"netramet/mib"
	"netramet/mib/ber"
	"netramet/mib/usm"
)

// Version is the version number in messages, SecurityModel that of RFC 3414.
const (
	Version       = 3
	SecurityModel = 3
)

// Reportable is the flag of a message whose receiver may answer with a Report.
const Reportable = 4

var errRange = errors.New("SNMPv3: header field out of range")

// Header is msgGlobalData (RFC 3412 §6).
type Header struct {
	MsgID, MaxSize, Model int32
	Flags                 byte
}

// Level is the security level that the flags name; 2, which they can, is none.
func (h *Header) Level() usm.Level { return usm.Level(h.Flags & 3) }

// Read reads the header, which r is at.
func (h *Header) Read(r *ber.Reader) error {
	g, err := r.Enter(ber.Sequence)
	if err != nil {
		return err
	}
	if h.MsgID, err = g.Int32(); err != nil {
		return err
	}
	if h.MaxSize, err = g.Int32(); err != nil {
		return err
	}
	flags, err := g.Octets(ber.OctetString)
	if err != nil {
		return err
	}
	if h.Model, err = g.Int32(); err != nil {
		return err
	}
	if h.MsgID < 0 || h.MaxSize < mib.MinMessage || len(flags) != 1 || h.Model < 1 {
		return errRange
	}
	h.Flags = flags[0]
	return g.Done()
}

// ReadParams reads UsmSecurityParameters, which r is at. digestAt is the position
// of the digest in the message. What p has points into the message.
func ReadParams(r *ber.Reader, p *usm.Params) (digestAt int, err error) {
	outer, err := r.Enter(ber.OctetString)
	if err != nil {
		return 0, err
	}
	s, err := outer.Enter(ber.Sequence)
	if err != nil {
		return 0, err
	}
	if p.EngineID, err = s.Octets(ber.OctetString); err != nil {
		return 0, err
	}
	if p.Boots, err = s.Int32(); err != nil {
		return 0, err
	}
	if p.Time, err = s.Int32(); err != nil {
		return 0, err
	}
	if p.User, err = s.Octets(ber.OctetString); err != nil {
		return 0, err
	}
	if p.Digest, err = s.Octets(ber.OctetString); err != nil {
		return 0, err
	}
	digestAt = s.Offset() - len(p.Digest)
	if p.Salt, err = s.Octets(ber.OctetString); err != nil {
		return 0, err
	}
	if p.Boots < 0 || p.Time < 0 || len(p.User) > usm.MaxUserName {
		return 0, errRange
	}
	if err := s.Done(); err != nil {
		return 0, err
	}
	return digestAt, outer.Done()
}

// Write puts header and security parameters in front of what w has. The digest is
// as many zeros as p.Digest has octets; digestAt is its position in w's buffer.
func Write(w *ber.Writer, h *Header, p *usm.Params) (digestAt int) {
	mark := w.Len()
	w.Octets(ber.OctetString, p.Salt)
	w.Zeros(len(p.Digest))
	digestAt = w.Pos()
	w.Header(ber.OctetString, len(p.Digest))
	w.Octets(ber.OctetString, p.User)
	w.Int(ber.Integer, int64(p.Time))
	w.Int(ber.Integer, int64(p.Boots))
	w.Octets(ber.OctetString, p.EngineID)
	w.Wrap(ber.Sequence, mark)
	w.Wrap(ber.OctetString, mark)

	mark = w.Len()
	w.Int(ber.Integer, int64(h.Model))
	w.Raw([]byte{h.Flags})
	w.Header(ber.OctetString, 1)
	w.Int(ber.Integer, int64(h.MaxSize))
	w.Int(ber.Integer, int64(h.MsgID))
	w.Wrap(ber.Sequence, mark)
	return digestAt
}

// ScopedPDU reads a ScopedPDU up to its PDU, which is returned with what is behind
// it inside. What follows the ScopedPDU itself is padding (RFC 3414 §8.1.1.2).
func ScopedPDU(r *ber.Reader) (engineID, name []byte, pdu ber.Reader, err error) {
	if pdu, err = r.Enter(ber.Sequence); err != nil {
		return nil, nil, pdu, err
	}
	if engineID, err = pdu.Octets(ber.OctetString); err != nil {
		return nil, nil, pdu, err
	}
	name, err = pdu.Octets(ber.OctetString)
	return engineID, name, pdu, err
}
