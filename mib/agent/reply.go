package agent

import (
	"netramet/mib/ber"
	"netramet/mib/usm"
	"netramet/mib/v3"
)

// An answer is built in one buffer around the variable bindings: these are
// put one after the other behind the headroom, and when they are complete the
// rest is written backwards in front of them, where it fits whatever its
// length. So nothing is moved, and the room for the bindings is known to the
// octet before the first one.

// envelope is what an answer repeats of its request.
type envelope struct {
	version   Version
	community []byte // valid iff version is not V3
	v3        v3Envelope
}

// v3Envelope is what SNMPv3 needs to answer.
type v3Envelope struct {
	msgID       int32
	level       usm.Level // of the answer
	user        *usm.User // non-nil iff level is above NoAuthNoPriv
	userName    []byte
	engineID    []byte
	boots, time int32
	reportable  bool // the request's flag
	pduSeen     bool // the request's PDU could be read
}

// room returns the octets that the variable bindings of an answer may take so
// that the message has at most limit; negative if even none do not fit.
func (e *envelope) room(reqID int32, index, limit int) int {
	list := limit - e.size(reqID, index, 0)
	for list >= 0 && e.size(reqID, index, list) > limit {
		list-- // the lengths of the lengths, and DES's padding
	}
	return list
}

// size returns the size of a message with list octets of variable bindings.
func (e *envelope) size(reqID int32, index, list int) int {
	const version, status = 3, 3
	pdu := ber.Size(ber.Size(ber.IntSize(int64(reqID))) + status +
		ber.Size(ber.IntSize(int64(index))) + ber.Size(list))
	if e.version != V3 {
		return ber.Size(version + ber.Size(len(e.community)) + pdu)
	}
	v := &e.v3
	scoped := ber.Size(ber.Size(len(v.engineID)) + ber.Size(0) + pdu)
	digest, salt := 0, 0
	if v.level != usm.NoAuthNoPriv {
		digest = v.user.DigestLen()
	}
	if v.level == usm.AuthPriv {
		salt = usm.SaltLen
		scoped = ber.Size(v.user.Padded(scoped))
	}
	const flags, model = 3, 3
	global := ber.Size(ber.Size(ber.IntSize(int64(v.msgID))) + ber.Size(ber.IntSize(MaxMessage)) + flags + model)
	params := ber.Size(ber.Size(ber.Size(len(v.engineID)) +
		ber.Size(ber.IntSize(int64(v.boots))) + ber.Size(ber.IntSize(int64(v.time))) +
		ber.Size(len(v.userName)) + ber.Size(digest) + ber.Size(salt)))
	return ber.Size(version + global + params + scoped)
}

// put adds one variable binding. It returns ber.ErrFull, and adds nothing, if
// there is no room.
func (x *exchange) put(name []uint32, v *ber.Value) error {
	var w ber.Writer
	if x.room < 0 {
		return ber.ErrFull
	}
	w.Reset(x.dst[x.end : headroom+x.room])
	w.VarBind(name, v)
	if w.Err() != nil {
		return w.Err()
	}
	x.end += copy(x.dst[x.end:], w.Bytes())
	return nil
}

// echo puts the request's variable bindings as they came.
func (x *exchange) echo() bool {
	if len(x.pdu.raw) > x.room {
		return false
	}
	x.end = headroom + copy(x.dst[headroom:], x.pdu.raw)
	return true
}

// finish makes the answer from the PDU's status: what was put if it is OK;
// for an error the request's own bindings; none with tooBig, which SNMPv1
// alone sends with them (RFC 3416 §4.2, RFC 1157 §4.1.2). If not even that
// fits, the request is dropped (RFC 3418 snmpSilentDrops).
func (a *worker) finish() []byte {
	x := &a.x
	status, index := x.status, x.index
	if x.env.version == V1 {
		status = status.v1()
	}
	if status == OK {
		return a.seal(ber.Response, OK, 0)
	}
	fits := false
	if status != TooBig {
		x.room = x.env.room(x.pdu.reqID, index, x.limit)
		fits = x.echo()
	}
	if !fits {
		status, index = TooBig, 0
		x.room = x.env.room(x.pdu.reqID, 0, x.limit)
		x.end = headroom
		fits = x.room >= 0
		if x.env.version == V1 {
			fits = x.echo()
		}
	}
	if !fits {
		a.count.SilentDrops++
		return nil
	}
	return a.seal(ber.Response, status, index)
}

// seal writes everything in front of the variable bindings and returns the
// message, which lies in x.dst.
func (a *worker) seal(tag ber.Tag, status Status, index int) []byte {
	x := &a.x
	var w ber.Writer
	w.ResetAt(x.dst[:x.end], headroom)
	w.Wrap(ber.Sequence, 0)
	w.Int(ber.Integer, int64(index))
	w.Int(ber.Integer, int64(status))
	w.Int(ber.Integer, int64(x.pdu.reqID))
	w.Wrap(tag, 0)
	digestAt := 0
	if x.env.version == V3 {
		digestAt = a.sealV3(&w)
	} else {
		w.Octets(ber.OctetString, x.env.community)
	}
	w.Int(ber.Integer, int64(x.env.version))
	w.Wrap(ber.Sequence, 0)
	if w.Err() != nil {
		// Impossible: the headroom holds the largest header.
		a.count.SilentDrops++
		return nil
	}
	msg := w.Bytes()
	if x.env.version == V3 && x.env.v3.level != usm.NoAuthNoPriv {
		x.env.v3.user.Sign(msg, digestAt-w.Pos())
	}
	return msg
}

// sealV3 writes scope, security parameters and header, encrypts, and returns
// the position in x.dst where the digest goes.
func (a *worker) sealV3(w *ber.Writer) (digestAt int) {
	x := &a.x
	v := &x.env.v3
	w.Octets(ber.OctetString, nil) // contextName
	w.Octets(ber.OctetString, v.engineID)
	w.Wrap(ber.Sequence, 0)

	var salt [usm.SaltLen]byte
	saltLen := 0
	if v.level == usm.AuthPriv {
		pos := w.Pos()
		n := x.end - pos
		padded := v.user.Padded(n)
		clear(x.dst[x.end : pos+padded])
		x.end = pos + padded
		salt = a.engine.NextSalt(v.user, v.boots)
		saltLen = len(salt)
		v.user.Encrypt(x.dst[pos:x.end], v.boots, v.time, &salt)
		w.ResetAt(x.dst[:x.end], pos)
		w.Wrap(ber.OctetString, 0)
	}

	p := usm.Params{EngineID: v.engineID, Boots: v.boots, Time: v.time, User: v.userName, Salt: salt[:saltLen]}
	if v.level != usm.NoAuthNoPriv {
		p.Digest = noDigest[:v.user.DigestLen()]
	}
	// An answer is never reportable.
	h := v3.Header{MsgID: v.msgID, MaxSize: MaxMessage, Model: v3.SecurityModel, Flags: byte(v.level)}
	return v3.Write(w, &h, &p)
}

// noDigest is as long as any digest.
var noDigest [usm.MaxDigest]byte
