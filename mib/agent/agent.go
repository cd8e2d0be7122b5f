// Package agent is an SNMP agent: UDP, SNMPv1, v2c and v3 (RFC 3412, 3414,
// 3416, 3584), access control by communities, users and views, two-phase Set
// and GetBulk that fills a datagram to the octet.
//
// It knows tables (the Table and Setter interfaces), not meters: what stands
// behind an OID is registered by others, mib/meterview in this project. It
// brings the objects of SNMP itself: system, snmp, snmpSet, snmpEngine,
// snmpMPDStats, usmStats.
//
// All processing of messages is in Handle, which opens no socket and reads no
// clock; Serve is the loop around it. Apart from counters, nothing changes
// for a message without valid credentials.
package agent

import (
	"fmt"
	"log/slog"
	"net/netip"
	"sync"
	"time"

	"netramet/mib"
	"netramet/mib/ber"
	"netramet/mib/usm"
)

const (
	// MaxMessage is the largest message, in octets: what fits into a UDP
	// datagram over IPv4 (RFC 3417 §3.2 wants 484, recommends 1472).
	MaxMessage = mib.MaxMessage

	// MinMessage is what every SNMP entity must be able to receive.
	MinMessage = mib.MinMessage

	// headroom is kept free in front of the variable bindings of an answer
	// for the rest of it, which is written last. The largest rest is that of
	// a community of 255 octets or of an SNMPv3 header with SHA-512, about
	// 350 octets.
	headroom = 1024

	// BufferSize is the capacity of a buffer for Handle's answers. Behind a
	// full message DES may want 7 octets of padding while it works.
	BufferSize = headroom + MaxMessage + 8
)

// Op says what a PDU does.
type Op uint8

// The operations.
const (
	Read  Op = iota // Get, GetNext, GetBulk
	Write           // Set
)

// Config is what an agent needs.
type Config struct {
	// Engine is the SNMPv3 engine, which the agent then owns; nil is a
	// random one of this process, starting at the time of New.
	Engine *usm.Engine

	// System fills the system group.
	System System

	// Do runs f, once, before it returns, in a state in which the tables
	// hold still; all of one PDU is done in one f, and one f runs at a time.
	// nil does no more than that. If f is not run (the meter is closing), the
	// PDU ends with genErr.
	Do func(op Op, f func())

	// Yield is called inside an f that reads, after each piece of its work:
	// it leaves that state and enters it again, so that others get in. nil
	// goes with a Do that is nil.
	Yield func()

	// Log gets refused messages, at most some per source and minute; nil is
	// nowhere. It never gets communities or passphrases.
	Log *slog.Logger

	// MaxMessage is the largest message sent, in octets, from MinMessage to
	// MaxMessage; 0 is MaxMessage.
	MaxMessage int
}

// Counters are the counters of SNMPv2-MIB, SNMP-MPD-MIB and SNMP-TARGET-MIB;
// usmStats are the engine's.
type Counters struct {
	InPkts, InBadVersions, InBadCommunityNames, InBadCommunityUses uint32
	InASNParseErrs, SilentDrops, ProxyDrops                        uint32
	UnknownSecurityModels, InvalidMsgs, UnknownPDUHandlers         uint32
	UnavailableContexts, UnknownContexts                           uint32
}

// Agent is an SNMP agent. Its methods may be called from any goroutine. It
// handles many messages at once, but one at a time is inside Config.Do, and one
// Set at a time is done.
type Agent struct {
	do    func(op Op, f func())
	yield func()
	reg   registry // used inside do
	max   int      // largest message sent

	setting sync.Mutex // held for a Set
	sets    setCache   // used inside setting

	// What follows, and the users' keys, are used with mu held. Nobody waits
	// for do with mu held; a table inside do may take it.
	mu     sync.Mutex
	engine *usm.Engine
	access *active
	count  Counters
	system systemState
	log    throttledLog
	idle   []*worker
}

// exchange is the state of one message.
type exchange struct {
	now    time.Time
	from   netip.AddrPort
	dst    []byte
	req    Request
	env    envelope
	pdu    pdu
	limit  int    // largest message that may go back
	room   int    // octets that the variable bindings may take
	end    int    // end of the variable bindings in dst
	status Status // of the PDU
	index  int    // error-index, from 1; 0 is none
	ran    bool   // Config.Do did run the PDU
	work   int    // spent before the last pause
}

// New returns an agent with the objects of SNMP itself and with nobody
// allowed in: SetAccess says who is.
func New(cfg Config) (*Agent, error) {
	if cfg.MaxMessage == 0 {
		cfg.MaxMessage = MaxMessage
	}
	if cfg.MaxMessage < MinMessage || cfg.MaxMessage > MaxMessage {
		return nil, fmt.Errorf("agent: largest message %d is not in %d..%d", cfg.MaxMessage, MinMessage, MaxMessage)
	}
	a := &Agent{
		do:     cfg.Do,
		yield:  cfg.Yield,
		engine: cfg.Engine,
		access: new(active),
		log:    newThrottledLog(cfg.Log),
		max:    cfg.MaxMessage,
	}
	if a.engine == nil {
		a.engine = usm.NewRandomEngine(Enterprise, time.Now())
	}
	if a.do == nil {
		var one sync.Mutex
		a.do = func(_ Op, f func()) {
			one.Lock()
			defer one.Unlock()
			f()
		}
		a.yield = func() {
			one.Unlock()
			one.Lock()
		}
	}
	if a.yield == nil {
		a.yield = func() {}
	}
	return a, a.registerOwn(cfg.System)
}

// Enterprise is the enterprise number of this project's objects and engine
// IDs: the University of Auckland's.
const Enterprise = 411

// Register makes t answer for everything below prefix, and s, unless nil,
// take Sets there. No prefix may lie inside another. It must not be called
// when messages are handled already.
func (a *Agent) Register(prefix []uint32, t Table, s Setter) error {
	return a.reg.add(prefix, t, s)
}

// SetAccess replaces who may use the agent, at start and at every reload. The
// keys are derived first, while the agent goes on answering; the change is
// one step between two messages. On error nothing changes.
func (a *Agent) SetAccess(acc *Access) error {
	act, err := acc.localize(a.engine.ID())
	if err != nil {
		return err
	}
	a.setting.Lock() // which a Set holds when it takes mu
	defer a.setting.Unlock()
	a.mu.Lock()
	defer a.mu.Unlock()
	a.access = act
	a.sets.forgetRefused()
	return nil
}

// Counters returns the counters.
func (a *Agent) Counters() Counters {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.count
}

// UsmStat returns one of the engine's usmStats counters.
func (a *Agent) UsmStat(f usm.Fault) uint32 {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.engine.Stat(f)
}

// Handle processes one message: src came from the address from at the time
// now. It returns the answer, which lies in dst, or nil if there is none. src
// is not changed. If dst has not BufferSize octets of capacity, other memory
// is allocated for the answer.
//
// Time has no other source than now, and nothing is sent or received, so
// simulations may drive an agent by Handle alone.
func (a *Agent) Handle(dst, src []byte, from netip.AddrPort, now time.Time) []byte {
	if cap(dst) < BufferSize {
		dst = make([]byte, BufferSize)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	w := a.worker()
	w.x = exchange{now: now, from: from, dst: dst[:BufferSize]}
	a.count.InPkts++
	out := w.message(src)
	w.x = exchange{} // keep nothing of the caller's
	a.idle = append(a.idle, w)
	return out
}

// message reads the outermost layer and goes on by version (RFC 3412 §7.2).
func (a *worker) message(src []byte) []byte {
	r := ber.NewReader(src)
	msg, err := r.Enter(ber.Sequence)
	if err != nil || r.Done() != nil {
		return a.parseError()
	}
	version, err := msg.Int32()
	if err != nil {
		return a.parseError()
	}
	a.x.env.version = Version(version)
	a.x.req = Request{Now: a.x.now, Version: Version(version)}
	switch Version(version) {
	case V1, V2c:
		return a.communityMessage(&msg)
	case V3:
		return a.v3Message(src, &msg)
	}
	a.count.InBadVersions++
	a.complain("unknown SNMP version", "", nil)
	return nil
}

// parseError counts a message that is not SNMP. Nothing goes back.
func (a *worker) parseError() []byte {
	a.count.InASNParseErrs++
	a.complain("malformed SNMP message", "", nil)
	return nil
}

// communityMessage is the rest of an SNMPv1 or v2c message (RFC 3584 §5.2).
func (a *worker) communityMessage(msg *ber.Reader) []byte {
	x := &a.x
	name, err := msg.Octets(ber.OctetString)
	if err != nil || a.parsePDU(msg) != nil || msg.Done() != nil {
		return a.parseError()
	}
	who := findCommunity(a.access.communities, name, x.from.Addr().Unmap().WithZone(""))
	if who == nil {
		a.count.InBadCommunityNames++
		a.complain("unknown community", "", nil)
		return nil
	}
	x.env.community = name
	x.limit = a.max
	x.req.Principal = who
	return a.respond(OK)
}

// respond answers the PDU for the principal found. refuse is OK or
// AuthorizationError, if the principal may not even ask.
func (a *worker) respond(refuse Status) []byte {
	x := &a.x
	op := Read
	switch x.pdu.tag {
	case ber.SetRequest:
		op = Write
	case ber.GetRequest, ber.GetNextRequest, ber.GetBulkRequest:
	default:
		a.count.UnknownPDUHandlers++
		return a.report(unknownPDUHandlersOID, a.count.UnknownPDUHandlers)
	}
	x.end = headroom
	x.room = x.env.room(x.pdu.reqID, 0, x.limit)
	if op == Write && !x.req.Principal.Write && refuse == OK {
		refuse = AuthorizationError // RFC 3413 §3.2: no view for writing
		if x.env.version != V3 {
			a.count.InBadCommunityUses++
		}
		a.complain("a Set by somebody who may only read", x.req.Principal.Name, nil)
	}
	if refuse != OK {
		x.status = refuse
		return a.finish()
	}
	a.mu.Unlock()
	if op == Write {
		a.setOnce()
	} else {
		a.runInDo(Read)
	}
	a.mu.Lock()
	return a.finish()
}

// setOnce does a Set, unless it was done lately.
func (a *worker) setOnce() {
	a.setting.Lock()
	defer a.setting.Unlock()
	if a.sets.lookup(&a.x) {
		return
	}
	if a.runInDo(Write); a.x.ran {
		a.sets.store(&a.x)
	}
}

func (a *worker) runInDo(op Op) {
	if a.do(op, a.runFunc); !a.x.ran {
		a.x.fail(GenErr, 0)
	}
}

// run processes the PDU, inside Config.Do.
func (a *worker) run() {
	a.x.ran = true
	switch a.x.pdu.tag {
	case ber.GetRequest:
		a.get()
	case ber.GetNextRequest:
		a.getNext()
	case ber.GetBulkRequest:
		a.getBulk()
	case ber.SetRequest:
		a.set()
	}
}

// fail ends the PDU with an error; index counts variable bindings from 1.
func (x *exchange) fail(s Status, index int) { x.status, x.index = s, index }
