package usm

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
	"time"
)

// TimeWindow is how far a message's time may lie from the engine's, in
// seconds (RFC 3414 §2.2.3).
const TimeWindow = 150

// maxBoots is where snmpEngineBoots latches: an engine that has got there
// refuses every authenticated message until it gets a new engine ID
// (RFC 3414 §2.2.2).
const maxBoots = math.MaxInt32

// Engine is the authoritative SNMP engine: its ID, its boots and time, and
// the usmStats counters. One goroutine at a time may use it.
type Engine struct {
	id    []byte
	boots int32
	start time.Time
	salts Salts
	stats [NumFaults]uint32

	// keep stores a new value of boots; nil iff nothing is kept on disk.
	keep func(boots int32) error

	unlock func() // frees the state file; nil if there is none
}

// NewEngine returns an engine whose ID and boots are the caller's business
// and whose time counts from start.
func NewEngine(id []byte, boots int32, start time.Time) (*Engine, error) {
	if err := CheckEngineID(id); err != nil {
		return nil, err
	}
	if boots < 0 {
		return nil, fmt.Errorf("engine boots %d is negative", boots)
	}
	return &Engine{id: bytes.Clone(id), boots: boots, start: start, salts: NewSalts()}, nil
}

// NewRandomEngine returns an engine with a random ID and boots 1, for a run
// that keeps nothing: with another ID, no old message can be replayed to it.
func NewRandomEngine(enterprise uint32, start time.Time) *Engine {
	e, _ := NewEngine(RandomEngineID(enterprise), 1, start)
	return e
}

// RandomEngineID makes an engine ID of RFC 3411's SnmpEngineID format: the
// enterprise number with the first bit set, format 5 (octets of the
// enterprise's choice), and 12 random octets.
func RandomEngineID(enterprise uint32) []byte {
	id := make([]byte, 5+12)
	binary.BigEndian.PutUint32(id, enterprise|1<<31)
	id[4] = 5
	rand.Read(id[5:]) // never fails
	return id
}

// CheckEngineID reports whether id is one RFC 3411 §5 allows: 5 to 32 octets,
// not all zero and not all 255.
func CheckEngineID(id []byte) error {
	if len(id) < MinEngineID || len(id) > MaxEngineID {
		return fmt.Errorf("an engine ID has %d to %d octets, not %d", MinEngineID, MaxEngineID, len(id))
	}
	if n := len(id); bytes.Count(id, []byte{0}) == n || bytes.Count(id, []byte{0xff}) == n {
		return fmt.Errorf("engine ID %s is not allowed (RFC 3411 §5)", hex.EncodeToString(id))
	}
	return nil
}

// ID returns snmpEngineID. The caller must not change it.
func (e *Engine) ID() []byte { return e.id }

// Clock returns snmpEngineBoots and snmpEngineTime (seconds) at now. A clock
// that was set back to before the start gives time 0. After 2^31-1 seconds
// the time begins again and boots goes on (RFC 3414 §2.2.2); if that cannot
// be stored, boots latches, which refuses rather than repeats.
func (e *Engine) Clock(now time.Time) (boots, seconds int32) {
	s := max(int64(now.Sub(e.start)/time.Second), 0)
	for s > math.MaxInt32 {
		e.start = e.start.Add((math.MaxInt32 + 1) * time.Second)
		s -= math.MaxInt32 + 1
		if e.boots < maxBoots {
			e.boots++
		}
		if e.keep != nil && e.keep(e.boots) != nil {
			e.boots = maxBoots
		}
	}
	return e.boots, int32(s)
}

// NextSalt gives a salt that this engine has not given before.
func (e *Engine) NextSalt(u *User, boots int32) (salt [SaltLen]byte) { return e.salts.Next(u, boots) }

// Stat returns one of the usmStats counters (RFC 3414 §5).
func (e *Engine) Stat(f Fault) uint32 { return e.stats[f] }

// Count adds one to a counter and returns its new value. Verify counts its
// own faults; DecryptionErrors is the caller's.
func (e *Engine) Count(f Fault) uint32 {
	e.stats[f]++
	return e.stats[f]
}

// Verify checks a message as RFC 3414 §3.2 steps 3 to 7 say, in that order:
// engine ID, user, level, digest, time. msg is the whole message, in which
// the digest stands at position digestAt. users are this engine's.
//
// The fault, if any, has been counted. The user is returned iff it exists and
// can use the level, so also with WrongDigests and NotInTimeWindows; only for
// the latter is the message authentic.
func (e *Engine) Verify(now time.Time, users Users, level Level, p *Params, msg []byte, digestAt int) (*User, Fault) {
	u, f := e.verify(now, users, level, p, msg, digestAt)
	if f != FaultNone {
		e.Count(f)
	}
	return u, f
}

func (e *Engine) verify(now time.Time, users Users, level Level, p *Params, msg []byte, digestAt int) (*User, Fault) {
	if !bytes.Equal(p.EngineID, e.id) {
		return nil, UnknownEngineIDs
	}
	u := users[string(p.User)]
	if u == nil {
		return nil, UnknownUserNames
	}
	if level > u.Level() {
		return nil, UnsupportedSecLevels
	}
	if level == NoAuthNoPriv {
		return u, FaultNone
	}
	if !u.Authentic(msg, p.Digest, digestAt) {
		return u, WrongDigests
	}
	boots, seconds := e.Clock(now)
	off := int64(p.Time) - int64(seconds)
	if boots == maxBoots || p.Boots != boots || off > TimeWindow || off < -TimeWindow {
		return u, NotInTimeWindows
	}
	return u, FaultNone
}
