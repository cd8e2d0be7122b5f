package agent

import (
	"bytes"
	"strings"
	"testing"

	"netramet/mib/ber"
)

// FuzzHandle: whatever arrives, nothing panics, no answer is longer than the
// sender or the agent allows, every answer is well-formed, the input is left
// alone, and without credentials for writing nothing changes but counters.
func FuzzHandle(f *testing.F) {
	seed := newWorld(f)
	for _, tag := range []ber.Tag{ber.GetRequest, ber.GetNextRequest, ber.GetBulkRequest, ber.SetRequest, ber.TrapV2} {
		r := request{tag: tag, id: -3, a: 1, b: 4, binds: binds("~.1.1", "~.4.2", "1.3.6.1.2.1.1.5.0")}
		f.Add(datagram(V1, "reader", r))
		f.Add(datagram(V2c, "reader", r))
		f.Add(datagram(V2c, "nobody", r))
		for _, u := range []string{"guest", "anna", "md5des", "sha256aes", "boris"} {
			m := seed.newV3(u, r)
			f.Add(m.encode())
			m.p.EngineID = nil
			f.Add(m.encode())
		}
	}
	w := newWorld(f, func(c *Config) { c.MaxMessage = 2000 })
	// Nobody may write here, so that a lucky mutation proves nothing.
	if err := w.SetAccess(parse(f, strings.NewReplacer("write", "read").Replace(testUsers))); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		before, system, rows := w.Counters(), w.system, len(w.rows.rows)
		orig := bytes.Clone(in)
		out := w.Handle(outBuf, in, here, w.now)
		if !bytes.Equal(in, orig) {
			t.Error("the input was changed")
		}
		if w.system != system || len(w.rows.rows) != rows || len(w.events) != 0 {
			t.Errorf("something was set: %v", w.events)
		}
		after := w.Counters()
		if after.InPkts != before.InPkts+1 {
			t.Error("not counted")
		}
		if out == nil {
			return
		}
		if len(out) > 2000 {
			t.Errorf("an answer of %d octets", len(out))
		}
		r := ber.NewReader(out)
		msg, err := r.Enter(ber.Sequence)
		if err != nil || r.Done() != nil {
			t.Fatalf("answer %x: %v", out, err)
		}
		if v, _ := msg.Int32(); v == 3 {
			w.decodeV3(t, bytes.Clone(out))
			return
		}
		p := decodeCommunity(t, out)
		if p.tag != ber.Response {
			t.Errorf("answer %v", p.tag)
		}
	})
}

// FuzzParseUsers: no panic, no secret in an error, and what is accepted keeps
// the limits.
func FuzzParseUsers(f *testing.F) {
	f.Add(testUsers)
	f.Add("user \"a\\\"b\" auth MD5 \"Xsecret12\" read owner x owner-only view all,-1.3\ncommunity Xsecret read from ::/0")
	f.Add("user x auth MD5 Xsecret priv Xsecret Xsecret\nuser \"Xsecret")
	f.Fuzz(func(t *testing.T, text string) {
		a, err := ParseUsers(strings.NewReader(text), "f")
		if err != nil {
			if a != nil {
				t.Error("an error and an access")
			}
			// A secret may stand in an error only as a user's name.
			if strings.Contains(err.Error(), "Xsecret") && !strings.Contains(err.Error(), "user ") {
				t.Errorf("%v", err)
			}
			return
		}
		if a.Users() > maxPrincipals || a.Communities() > maxPrincipals {
			t.Error("too many")
		}
		for _, acc := range a.accounts {
			if err := acc.config.Check(); err != nil || acc.who.Name != acc.config.Name {
				t.Errorf("%+v: %v", acc, err)
			}
		}
	})
}

// FuzzSet gives the fuzzer the right to write: a Set is done whole or not at
// all, and no table is left in the middle of a transaction.
func FuzzSet(f *testing.F) {
	for _, b := range [][]Bind{
		{bind("~.2.1.5", 4), bind("~.2.2.5", 7)},
		{bind("~.2.1.5", 6), bind("~.3.1.5", 4), bind("1.3.6.1.2.1.1.5.0", "x")},
		{bind("~.2.2.5", 1), bind("~.3.2.5", 1), bind("~.1.1", 1)},
	} {
		r := request{tag: ber.SetRequest, id: 1, binds: b}
		var w ber.Writer
		w.Reset(make([]byte, 500))
		r.encode(&w)
		f.Add(bytes.Clone(w.Bytes()))
	}
	f.Fuzz(func(t *testing.T, pdu []byte) {
		var enc ber.Writer
		enc.Reset(make([]byte, len(pdu)+100))
		enc.Raw(pdu)
		enc.Octets(ber.OctetString, []byte("writer"))
		enc.Int(ber.Integer, 1)
		enc.Wrap(ber.Sequence, 0)
		w := newWorld(t)
		w.rows.rows[5] = &row{num: 5}
		out := w.Handle(outBuf, enc.Bytes(), here, w.now)
		events := strings.Join(w.events, ";")
		if strings.Contains(events, "commit") && strings.Contains(events, "abort") {
			t.Errorf("done in part: %s", events)
		}
		if out == nil {
			return
		}
		got := decodeCommunity(t, out)
		if got.a == 0 && strings.Contains(events, "abort") || got.a != 0 && strings.Contains(events, "commit") {
			t.Errorf("%v: %s", got, events)
		}
		if int(got.b) > len(got.binds) || got.b < 0 {
			t.Errorf("error-index %d of %d", got.b, len(got.binds))
		}
	})
}
