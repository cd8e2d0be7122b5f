package agent

import (
	"bytes"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"netramet/mib/ber"
	"netramet/mib/usm"
	"netramet/mib/v3"
)

// v3msg is an SNMPv3 message before encoding, or after decoding.
type v3msg struct {
	msgID, maxSize, model int32
	flags                 byte
	p                     usm.Params
	ctxEngine, ctxName    string
	pdu                   request
	user                  *usm.User // signs and encrypts as flags say
	spoil                 func(msg []byte, digestAt int)
	garbage               []byte // instead of the scoped PDU
}

// newV3 returns a good message of the given user at the highest level.
func (w *world) newV3(user string, pdu request) *v3msg {
	boots, seconds := w.engine.Clock(w.now)
	m := &v3msg{msgID: 1234, maxSize: MaxMessage, model: 3, flags: 4, ctxEngine: string(w.engine.ID()), pdu: pdu}
	m.p = usm.Params{EngineID: w.engine.ID(), Boots: boots, Time: seconds, User: []byte(user)}
	if m.user = w.access.users[user]; m.user != nil {
		m.flags |= byte(m.user.Level())
	}
	return m
}

func (m *v3msg) encode() []byte {
	var w ber.Writer
	buf := make([]byte, 70000)
	w.Reset(buf)
	if m.garbage != nil {
		w.Raw(m.garbage)
	} else {
		m.pdu.encode(&w)
		w.Octets(ber.OctetString, []byte(m.ctxName))
		w.Octets(ber.OctetString, []byte(m.ctxEngine))
		w.Wrap(ber.Sequence, 0)
	}
	digest := 0
	if m.user != nil && m.flags&1 != 0 {
		digest = m.user.DigestLen()
	}
	if m.user != nil && m.flags&3 == 3 && m.user.Level() == usm.AuthPriv {
		plain := make([]byte, m.user.Padded(w.Len()))
		copy(plain, w.Bytes())
		salt := [8]byte{1, 2, 3, 4, 5, 6, 7, byte(m.msgID)}
		m.user.Encrypt(plain, m.p.Boots, m.p.Time, &salt)
		if m.p.Salt == nil {
			m.p.Salt = salt[:]
		}
		w.Reset(buf)
		w.Octets(ber.OctetString, plain)
	} else if m.flags&2 != 0 {
		w.Wrap(ber.OctetString, 0)
	}
	mark := w.Len()
	w.Octets(ber.OctetString, m.p.Salt)
	w.Zeros(digest)
	at := w.Pos()
	w.Header(ber.OctetString, digest)
	w.Octets(ber.OctetString, m.p.User)
	w.Int(ber.Integer, int64(m.p.Time))
	w.Int(ber.Integer, int64(m.p.Boots))
	w.Octets(ber.OctetString, m.p.EngineID)
	w.Wrap(ber.Sequence, mark)
	w.Wrap(ber.OctetString, mark)
	mark = w.Len()
	w.Int(ber.Integer, int64(m.model))
	w.Octets(ber.OctetString, []byte{m.flags})
	w.Int(ber.Integer, int64(m.maxSize))
	w.Int(ber.Integer, int64(m.msgID))
	w.Wrap(ber.Sequence, mark)
	w.Int(ber.Integer, 3)
	w.Wrap(ber.Sequence, 0)
	if w.Err() != nil {
		panic(w.Err())
	}
	msg := w.Bytes()
	at -= w.Pos()
	if digest > 0 {
		m.user.Sign(msg, at)
	}
	if m.spoil != nil {
		m.spoil(msg, at)
	}
	return msg
}

// decodeV3 decodes an answer and checks its digest, its time and its context.
func (w *world) decodeV3(t testing.TB, msg []byte) *v3msg {
	t.Helper()
	fatal := func(err error) {
		if err != nil {
			t.Fatalf("answer %x: %v", msg, err)
		}
	}
	m := new(v3msg)
	r := ber.NewReader(msg)
	in, err := r.Enter(ber.Sequence)
	fatal(err)
	fatal(r.Done())
	v, err := in.Int32()
	fatal(err)
	var h v3.Header
	fatal(h.Read(&in))
	m.msgID, m.maxSize, m.flags, m.model = h.MsgID, h.MaxSize, h.Flags, h.Model
	at, err := v3.ReadParams(&in, &m.p)
	fatal(err)
	if v != 3 || h.Model != 3 || h.MaxSize != MaxMessage {
		t.Errorf("version %d, model %d, size %d", v, h.Model, h.MaxSize)
	}
	boots, seconds := w.engine.Clock(w.now)
	if m.p.Boots != boots || m.p.Time != seconds || !bytes.Equal(m.p.EngineID, w.engine.ID()) {
		t.Errorf("engine %x, boots %d, time %d", m.p.EngineID, m.p.Boots, m.p.Time)
	}
	m.user = w.access.users[string(m.p.User)]
	if m.flags&1 != 0 {
		digest := slices.Clone(m.p.Digest)
		m.user.Sign(msg, at)
		if !bytes.Equal(digest, m.p.Digest) {
			t.Error("the answer's digest is wrong")
		}
	} else if len(m.p.Digest)+len(m.p.Salt) != 0 {
		t.Error("security parameters without security")
	}
	if m.flags&2 != 0 {
		data, err := in.Octets(ber.OctetString)
		fatal(err)
		fatal(in.Done())
		if !m.user.Decrypt(data, &m.p) {
			t.Fatal("the answer cannot be decrypted")
		}
		in = ber.NewReader(data)
	}
	scoped, err := in.Enter(ber.Sequence)
	fatal(err)
	ctx, err := scoped.Octets(ber.OctetString)
	fatal(err)
	name, err := scoped.Octets(ber.OctetString)
	fatal(err)
	m.ctxEngine, m.ctxName = string(ctx), string(name)
	if m.ctxEngine != string(w.engine.ID()) || len(name) != 0 {
		t.Errorf("context %q of engine %x", name, ctx)
	}
	pdu, err := decodePDU(&scoped)
	fatal(err)
	fatal(scoped.Done())
	m.pdu = *pdu
	return m
}

func (w *world) askV3(t testing.TB, m *v3msg) *v3msg {
	t.Helper()
	out := w.Handle(outBuf, m.encode(), here, w.now)
	if out == nil {
		return nil
	}
	if len(out) > int(m.maxSize) {
		t.Errorf("%d octets for somebody who takes %d", len(out), m.maxSize)
	}
	got := w.decodeV3(t, out)
	if got.msgID != m.msgID {
		t.Errorf("msgID %d came back as %d", m.msgID, got.msgID)
	}
	return got
}

func (m *v3msg) String() string {
	if m == nil {
		return "silence"
	}
	return fmt.Sprintf("%v id %d %s", usm.Level(m.flags), m.pdu.id, m.pdu.String())
}

var v3users = []string{"guest", "anna", "md5des", "sha1des", "sha1aes", "sha1aes256",
	"sha224aes192", "sha256aes", "sha384aes192", "sha512aes256"}

func TestV3AllProtocols(t *testing.T) {
	for _, user := range v3users {
		t.Run(user, func(t *testing.T) {
			w := newWorld(t)
			level := w.access.users[user].Level()
			m := w.newV3(user, request{tag: ber.GetNextRequest, id: -7, binds: binds("~.1.1")})
			if got, want := w.askV3(t, m).String(), fmt.Sprintf("%v id -7 ~.1.1.1 = 11", level); got != want {
				t.Errorf("got %s, want %s", got, want)
			}
			m = w.newV3(user, request{tag: ber.SetRequest, id: 8, binds: []Bind{bind("~.2.1.5", 4), bind("~.2.2.5", 7)}})
			got := w.askV3(t, m).String()
			if user == "guest" {
				if !strings.Contains(got, "authorizationError 0") || len(w.events) != 0 {
					t.Errorf("a reader's Set: %s", got)
				}
			} else if w.rows.rows[5] == nil {
				t.Errorf("Set: %s", got)
			}
		})
	}
}

func TestV3Faults(t *testing.T) {
	get := request{tag: ber.GetRequest, id: 5, binds: binds("~.1.1.1")}
	usmStat := func(f usm.Fault) string { return dotted(usmStatsOIDs[f]) + " = c1" }
	for _, tt := range []struct {
		name string
		user string
		edit func(w *world, m *v3msg)
		want string
		stat usm.Fault
		mpd  Counters // what is counted besides InPkts
	}{
		{"discovery", "", func(w *world, m *v3msg) { m.p = usm.Params{}; m.ctxEngine = "" },
			"noAuthNoPriv id 5 Report " + usmStat(usm.UnknownEngineIDs), usm.UnknownEngineIDs, Counters{}},
		{"discovery, not reportable but confirmed", "", func(w *world, m *v3msg) { m.p = usm.Params{}; m.flags = 0 },
			"noAuthNoPriv id 5 Report " + usmStat(usm.UnknownEngineIDs), usm.UnknownEngineIDs, Counters{}},
		{"discovery by a trap", "", func(w *world, m *v3msg) { m.p = usm.Params{}; m.pdu.tag = ber.TrapV2 },
			"silence", usm.UnknownEngineIDs, Counters{}},
		{"other engine", "sha256aes", func(w *world, m *v3msg) { m.p.EngineID = []byte("another engine") },
			"noAuthNoPriv id 0 Report " + usmStat(usm.UnknownEngineIDs), usm.UnknownEngineIDs, Counters{}},
		{"other engine, encrypted, not reportable", "sha256aes", func(w *world, m *v3msg) { m.p.EngineID = []byte("another engine"); m.flags &= 3 },
			"silence", usm.UnknownEngineIDs, Counters{}},
		{"unknown user", "guest", func(w *world, m *v3msg) { m.p.User = []byte("boris") },
			"noAuthNoPriv id 5 Report " + usmStat(usm.UnknownUserNames), usm.UnknownUserNames, Counters{}},
		{"level too high", "anna", func(w *world, m *v3msg) { m.flags = 7 },
			"noAuthNoPriv id 0 Report " + usmStat(usm.UnsupportedSecLevels), usm.UnsupportedSecLevels, Counters{}},
		{"wrong digest", "anna", func(w *world, m *v3msg) { m.spoil = func(b []byte, at int) { b[at] ^= 1 } },
			"noAuthNoPriv id 5 Report " + usmStat(usm.WrongDigests), usm.WrongDigests, Counters{}},
		{"changed on the way", "sha512aes256", func(w *world, m *v3msg) { m.spoil = func(b []byte, at int) { b[len(b)-1] ^= 1 } },
			"noAuthNoPriv id 0 Report " + usmStat(usm.WrongDigests), usm.WrongDigests, Counters{}},
		{"time not known yet", "anna", func(w *world, m *v3msg) { m.p.Boots, m.p.Time = 0, 0 },
			"authNoPriv id 5 Report " + usmStat(usm.NotInTimeWindows), usm.NotInTimeWindows, Counters{}},
		{"old, encrypted", "sha1des", func(w *world, m *v3msg) { w.now = w.now.Add(151 * time.Second) },
			"authNoPriv id 0 Report " + usmStat(usm.NotInTimeWindows), usm.NotInTimeWindows, Counters{}},
		{"from before the restart", "anna", func(w *world, m *v3msg) { m.p.Boots-- },
			"authNoPriv id 5 Report " + usmStat(usm.NotInTimeWindows), usm.NotInTimeWindows, Counters{}},
		{"short salt", "sha256aes", func(w *world, m *v3msg) { m.p.Salt = []byte{1} },
			"noAuthNoPriv id 0 Report " + usmStat(usm.DecryptionErrors), usm.DecryptionErrors, Counters{}},
		{"other salt", "sha256aes", func(w *world, m *v3msg) { m.p.Salt = []byte("12345678") },
			"noAuthNoPriv id 0 Report " + usmStat(usm.DecryptionErrors), usm.DecryptionErrors, Counters{}},
		{"half a DES block", "md5des", func(w *world, m *v3msg) {
			m.user, m.p.Salt, m.garbage = nil, []byte("12345678"), make([]byte, 12)
			m.spoil = nil
		}, "noAuthNoPriv id 0 Report " + usmStat(usm.WrongDigests), usm.WrongDigests, Counters{}},
		{"lower level than configured", "sha256aes", func(w *world, m *v3msg) { m.flags = 4 | byte(usm.AuthNoPriv) },
			"authNoPriv id 5 authorizationError 0: ~.1.1.1 = ", 0, Counters{}},
		{"only the name of a user with keys", "anna", func(w *world, m *v3msg) { m.flags = 4 },
			"noAuthNoPriv id 5 authorizationError 0: ~.1.1.1 = ", 0, Counters{}},
		{"other context engine", "anna", func(w *world, m *v3msg) { m.ctxEngine = "x" },
			"authNoPriv id 5 Report 1.3.6.1.6.3.11.2.1.3.0 = c1", 0, Counters{UnknownPDUHandlers: 1}},
		{"other context", "anna", func(w *world, m *v3msg) { m.ctxName = "x" },
			"authNoPriv id 5 Report 1.3.6.1.6.3.12.1.5.0 = c1", 0, Counters{UnknownContexts: 1}},
		{"inform", "anna", func(w *world, m *v3msg) { m.pdu.tag = ber.InformRequest },
			"authNoPriv id 5 Report 1.3.6.1.6.3.11.2.1.3.0 = c1", 0, Counters{UnknownPDUHandlers: 1}},
		{"response", "anna", func(w *world, m *v3msg) { m.pdu.tag = ber.Response },
			"silence", 0, Counters{UnknownPDUHandlers: 1}},
		{"other security model", "guest", func(w *world, m *v3msg) { m.model = 4 }, "silence", 0, Counters{UnknownSecurityModels: 1}},
		{"privacy without authentication", "guest", func(w *world, m *v3msg) { m.flags = 6 }, "silence", 0, Counters{InvalidMsgs: 1}},
		{"small sender", "guest", func(w *world, m *v3msg) { m.maxSize = 483 }, "silence", 0, Counters{InASNParseErrs: 1}},
		{"negative msgID", "guest", func(w *world, m *v3msg) { m.msgID = -1 }, "silence", 0, Counters{InASNParseErrs: 1}},
		{"long user name", "guest", func(w *world, m *v3msg) { m.p.User = make([]byte, 33) }, "silence", 0, Counters{InASNParseErrs: 1}},
		{"v1 trap inside", "anna", func(w *world, m *v3msg) { m.pdu.tag = ber.TrapV1 }, "silence", 0, Counters{InASNParseErrs: 1}},
		{"garbage inside, signed", "sha256aes", func(w *world, m *v3msg) { m.garbage = []byte{0x30, 6, 4, 0, 4, 0, 9, 9} }, "silence", 0, Counters{InASNParseErrs: 1}},
		{"begins like a scope, signed", "sha256aes", func(w *world, m *v3msg) { m.garbage = []byte{0x30, 1, 9} },
			"noAuthNoPriv id 0 Report " + usmStat(usm.DecryptionErrors), usm.DecryptionErrors, Counters{}},
		{"noise inside, signed", "sha256aes", func(w *world, m *v3msg) { m.garbage = []byte("noise") },
			"noAuthNoPriv id 0 Report " + usmStat(usm.DecryptionErrors), usm.DecryptionErrors, Counters{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			m := w.newV3(tt.user, get)
			tt.edit(w, m)
			if got := w.askV3(t, m).String(); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
			for f := usm.UnsupportedSecLevels; f < usm.NumFaults; f++ {
				if n := w.UsmStat(f); (n == 1) != (f == tt.stat) || n > 1 {
					t.Errorf("%v counted %d", f, n)
				}
			}
			tt.mpd.InPkts = 1
			if got := w.Counters(); got != tt.mpd {
				t.Errorf("counters %+v", got)
			}
			if len(w.ops) != 0 {
				t.Error("a table was asked")
			}
		})
	}
}

// GetBulk fills what the sender takes, in every form of security; an
// encrypted message may not have room to the octet, only to the DES block.
func TestV3BulkFills(t *testing.T) {
	for _, user := range v3users {
		for _, size := range []int32{484, 485, 490, 700, 1472, MaxMessage, 1<<31 - 1} {
			w := newWorld(t)
			w.big.n = 1 << 20
			m := w.newV3(user, request{tag: ber.GetBulkRequest, id: 70000, b: 1 << 30, binds: binds("~.4.1")})
			m.maxSize = size
			out := w.Handle(outBuf, m.encode(), here, w.now)
			limit := min(int(size), MaxMessage)
			if len(out) > limit || len(out) < limit-30 {
				t.Errorf("%s, %d: %d octets", user, size, len(out))
			}
			n := len(w.decodeV3(t, slices.Clone(out)).pdu.binds)
			if n == 0 {
				t.Errorf("%s, %d: no bindings", user, size)
			}
		}
	}
}

// The room an envelope promises is the room there is: an answer with a list
// of exactly that length has the limit's size or, with DES, up to 7 less.
func TestRoomIsExact(t *testing.T) {
	for _, user := range v3users {
		w := newWorld(t)
		u := w.access.users[user]
		k := w.worker()
		for limit := 484; limit < 900; limit++ {
			x := &k.x
			*x = exchange{now: w.now, dst: outBuf, limit: limit}
			x.env = envelope{version: V3, v3: v3Envelope{msgID: 1, level: u.Level(), user: u, userName: []byte(user),
				engineID: w.engine.ID(), boots: 1, time: 200}}
			x.pdu.reqID = 1
			x.end = headroom + x.env.room(1, 0, limit)
			if n := len(k.seal(ber.Response, OK, 0)); n > limit || n < limit-9 || n != x.env.size(1, 0, x.end-headroom) && u.Padded(1) == 1 {
				t.Fatalf("%s, limit %d: %d octets", user, limit, n)
			}
		}
	}
}

// A Set that is repeated over SNMPv3 has another msgID, salt and digest, and
// is still the same Set; so is a recorded one that is replayed.
func TestV3SetRepeated(t *testing.T) {
	w := newWorld(t)
	set := request{tag: ber.SetRequest, id: 42, binds: []Bind{bind("~.2.1.5", 4), bind("~.2.2.5", 7)}}
	m := w.newV3("sha256aes", set)
	first := w.askV3(t, m)
	w.now = w.now.Add(5 * time.Second)
	m2 := w.newV3("sha256aes", set)
	m2.msgID++
	again := w.askV3(t, m2)
	replayed := w.askV3(t, m)
	if n := strings.Count(strings.Join(w.events, " "), "commit"); n != 1 {
		t.Errorf("done %d times", n)
	}
	if first.pdu.String() != again.pdu.String() || replayed.pdu.String() != first.pdu.String() {
		t.Errorf("answers %v, %v, %v", first, again, replayed)
	}
	// Somebody else's same Set is another one.
	w.askV3(t, w.newV3("sha1aes", set))
	if n := strings.Count(strings.Join(w.events, " "), "abort"); n != 1 {
		t.Errorf("another user's Set: events %v", w.events)
	}
}

// No salt is used twice, and equal answers differ on the wire.
func TestV3AnswersDiffer(t *testing.T) {
	w := newWorld(t)
	seen := map[string]bool{}
	for range 50 {
		for _, u := range []string{"sha256aes", "md5des"} {
			got := w.askV3(t, w.newV3(u, request{tag: ber.GetRequest, binds: binds("~.1.1.1")}))
			if s := u + string(got.p.Salt); seen[s] {
				t.Fatal("a salt came twice")
			} else {
				seen[s] = true
			}
		}
	}
}

// Refusals are logged without secrets, once per source and minute.
func TestLog(t *testing.T) {
	var out strings.Builder
	w := newWorld(t, func(c *Config) {
		c.Log = slog.New(slog.NewTextHandler(&out, nil))
	})
	bad := datagram(V2c, "verysecret", request{tag: ber.GetRequest})
	for range 100 {
		w.Handle(outBuf, bad, here, w.now)
	}
	w.now = w.now.Add(2 * time.Minute)
	m := w.newV3("guest", request{tag: ber.GetRequest})
	m.p.User = []byte("boris\n")
	w.Handle(outBuf, m.encode(), here, w.now)
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != 3 || !strings.Contains(lines[0], "unknown community") || !strings.Contains(lines[1], "messages=99") ||
		!strings.Contains(lines[2], `user="boris\n"`) || !strings.Contains(lines[2], "127.0.0.1:40000") {
		t.Errorf("log:\n%s", out.String())
	}
	if strings.Contains(out.String(), "verysecret") {
		t.Error("a community is in the log")
	}
	for i := range 10000 {
		from := here.Addr().As4()
		from[1], from[2] = byte(i>>8), byte(i)
		w.Handle(outBuf, bad, addrPort(from), w.now)
	}
	if n := strings.Count(out.String(), "\n"); n > 3+logSources {
		t.Errorf("%d lines", n)
	}
}
