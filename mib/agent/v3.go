package agent

import (
	"math"
	"slices"

	"netramet/mib"
	"netramet/mib/ber"
	"netramet/mib/usm"
	"netramet/mib/v3"
)

// The objects that reports carry (RFC 3412 §7.1, RFC 3413 §3.2, RFC 3414 §3.2).
var (
	unknownPDUHandlersOID = scalarOID(mib.ObjSnmpUnknownPDUHandlers)
	unknownContextsOID    = scalarOID(mib.ObjSnmpUnknownContexts)
	usmStatsOIDs          = func() (oids [usm.NumFaults][]uint32) {
		for f := range oids {
			oids[f] = append(slices.Clone(mib.ObjUsmStats.OID()), uint32(f), 0)
		}
		return oids
	}()
)

// scalarOID names the instance of a scalar.
func scalarOID(o mib.Obj) []uint32 { return append(slices.Clone(o.OID()), 0) }

// v3Message is the rest of an SNMPv3 message (RFC 3412 §7.2, RFC 3414 §3.2).
// Nothing is derived or decrypted, and no handler runs, before the engine ID,
// the user, the digest and the time have been found good.
func (a *worker) v3Message(src []byte, msg *ber.Reader) []byte {
	x := &a.x
	var h v3.Header
	var p usm.Params
	if h.Read(msg) != nil {
		return a.parseError()
	}
	if h.Model != v3.SecurityModel {
		a.count.UnknownSecurityModels++
		return nil
	}
	level := h.Level()
	if level == 2 {
		a.count.InvalidMsgs++
		a.complain("message with privacy but no authentication", "", nil)
		return nil
	}
	digestAt, err := v3.ReadParams(msg, &p)
	if err != nil {
		return a.parseError()
	}
	tag := ber.Sequence
	if level == usm.AuthPriv {
		tag = ber.OctetString
	}
	body := *msg // the scoped PDU with its header, or encrypted
	data, err := msg.Octets(tag)
	if err != nil || msg.Done() != nil {
		return a.parseError()
	}

	x.limit = min(int(h.MaxSize), a.max)
	x.env.v3 = v3Envelope{msgID: h.MsgID, level: level, userName: p.User, reportable: h.Flags&v3.Reportable != 0}
	x.env.v3.engineID = a.engine.ID()
	x.env.v3.boots, x.env.v3.time = a.engine.Clock(x.now)

	var scope scope
	var scopeErr error
	if level != usm.AuthPriv {
		scope, scopeErr = a.parseScope(&body)
		x.env.v3.pduSeen = scopeErr == nil
	}
	user, fault := a.engine.Verify(x.now, a.access.users, level, &p, src, digestAt)
	x.env.v3.user = user
	if fault != usm.FaultNone {
		return a.usmFault(fault, &p)
	}
	if level == usm.AuthPriv {
		a.plain = append(a.plain[:0], data...)
		inner := ber.NewReader(a.plain)
		// A wrong key shows only in what comes out: if that does not begin as
		// a scope, it counts as a decryption error, whose report helps whoever
		// mistyped his passphrase. One message in 300 would pass if its first
		// header alone were looked at.
		if !user.Decrypt(a.plain, &p) || !looksLikeScope(inner) {
			a.engine.Count(usm.DecryptionErrors)
			return a.usmFault(usm.DecryptionErrors, &p)
		}
		scope, scopeErr = a.parseScope(&inner)
		x.env.v3.pduSeen = scopeErr == nil
	}
	if scopeErr != nil {
		return a.parseError()
	}
	return a.scoped(scope)
}

// looksLikeScope reports whether r begins as a ScopedPDU: a SEQUENCE that fits,
// of an engine ID and a name.
func looksLikeScope(r ber.Reader) bool {
	_, _, _, err := v3.ScopedPDU(&r)
	return err == nil
}

// scope is a ScopedPDU's context; the PDU itself goes to a.x.pdu.
type scope struct{ engineID, name []byte }

// parseScope reads a ScopedPDU.
func (a *worker) parseScope(r *ber.Reader) (s scope, err error) {
	var in ber.Reader
	if s.engineID, s.name, in, err = v3.ScopedPDU(r); err != nil {
		return s, err
	}
	if err := a.parsePDU(&in); err != nil {
		return s, err
	}
	return s, in.Done()
}

// scoped goes on with a message that USM let pass.
func (a *worker) scoped(s scope) []byte {
	x := &a.x
	switch {
	case string(s.engineID) != string(a.engine.ID()):
		// No application here answers for another engine (RFC 3412 §4.2.2.1).
		a.count.UnknownPDUHandlers++
		return a.report(unknownPDUHandlersOID, a.count.UnknownPDUHandlers)
	case len(s.name) != 0:
		a.count.UnknownContexts++
		return a.report(unknownContextsOID, a.count.UnknownContexts)
	}
	acc := a.access.accounts[x.env.v3.user.Name()]
	x.req.Principal = acc.who
	if x.env.v3.level != acc.level {
		return a.respond(AuthorizationError)
	}
	return a.respond(OK)
}

// usmFault reports a fault that has been counted. Only a message outside the
// time window was authentic, and only its report is authenticated
// (RFC 3414 §3.2 step 7); all others go out in the clear.
func (a *worker) usmFault(f usm.Fault, p *usm.Params) []byte {
	v := &a.x.env.v3
	v.level = usm.NoAuthNoPriv
	if f == usm.NotInTimeWindows {
		v.level = usm.AuthNoPriv
	}
	// Discovery and a first message with an unknown time are normal.
	if f != usm.UnknownEngineIDs && (f != usm.NotInTimeWindows || p.Boots != 0) {
		a.complain("SNMPv3 message refused", f.String(), p.User)
	}
	return a.report(usmStatsOIDs[f], a.engine.Stat(f))
}

// report answers with a Report PDU that shows a counter (RFC 3412 §7.1.3).
// It answers only what is waiting for an answer: a PDU of the confirmed class
// or, where the PDU cannot be seen, a message with the reportable flag.
func (a *worker) report(counter []uint32, value uint32) []byte {
	x := &a.x
	v := &x.env.v3
	if x.env.version != V3 || v.pduSeen && !x.pdu.confirmed() || !v.pduSeen && !v.reportable {
		return nil
	}
	if !v.pduSeen {
		x.pdu.reqID = 0
	}
	x.end = headroom
	x.room = x.env.room(x.pdu.reqID, 0, x.limit)
	out := ber.Value{Tag: ber.Counter32, Uint: uint64(value) & math.MaxUint32}
	if x.put(counter, &out) != nil {
		a.count.SilentDrops++
		return nil
	}
	return a.seal(ber.Report, OK, 0)
}
