package usm

import (
	"bytes"
	"encoding/hex"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var t0 = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func testUsers(t testing.TB, id []byte) Users {
	t.Helper()
	users := make(Users)
	for _, c := range []UserConfig{
		{Name: "guest"},
		{Name: "anna", Auth: SHA256, AuthPass: NewSecret("annaanna")},
		{Name: "petr", Auth: SHA512, AuthPass: NewSecret("petrpetr"), Priv: AES256, PrivPass: NewSecret("privpriv")},
	} {
		u, err := NewUser(c, id)
		if err != nil {
			t.Fatal(err)
		}
		users[c.Name] = u
	}
	return users
}

// Every fault, in the order in which RFC 3414 §3.2 looks for them.
func TestVerify(t *testing.T) {
	e, err := NewEngine([]byte("\x80\x00\x01\x9b\x05test"), 7, t0)
	if err != nil {
		t.Fatal(err)
	}
	users := testUsers(t, e.ID())
	now := t0.Add(1000 * time.Second)
	type try struct {
		name  string
		user  string
		level Level
		p     Params // EngineID, Boots and Time; the rest is made
		now   time.Time
		spoil bool
		short bool
		want  Fault
	}
	id := e.ID()
	for _, tt := range []try{
		{"guest", "guest", NoAuthNoPriv, Params{EngineID: id}, now, false, false, FaultNone},
		{"good", "anna", AuthNoPriv, Params{EngineID: id, Boots: 7, Time: 1000}, now, false, false, FaultNone},
		{"private", "petr", AuthPriv, Params{EngineID: id, Boots: 7, Time: 1000}, now, false, false, FaultNone},
		{"lower level", "petr", AuthNoPriv, Params{EngineID: id, Boots: 7, Time: 1000}, now, false, false, FaultNone},
		{"discovery", "", NoAuthNoPriv, Params{}, now, false, false, UnknownEngineIDs},
		{"other engine", "anna", AuthNoPriv, Params{EngineID: []byte("other"), Boots: 7, Time: 1000}, now, false, false, UnknownEngineIDs},
		{"no such user", "boris", AuthNoPriv, Params{EngineID: id, Boots: 7, Time: 1000}, now, false, false, UnknownUserNames},
		{"level too high", "anna", AuthPriv, Params{EngineID: id, Boots: 7, Time: 1000}, now, false, false, UnsupportedSecLevels},
		{"guest with auth", "guest", AuthNoPriv, Params{EngineID: id}, now, false, false, UnsupportedSecLevels},
		{"wrong digest", "anna", AuthNoPriv, Params{EngineID: id, Boots: 7, Time: 1000}, now, true, false, WrongDigests},
		{"short digest", "anna", AuthNoPriv, Params{EngineID: id, Boots: 7, Time: 1000}, now, false, true, WrongDigests},
		{"wrong digest and time", "anna", AuthNoPriv, Params{EngineID: id}, now, true, false, WrongDigests},
		{"150 s old", "anna", AuthNoPriv, Params{EngineID: id, Boots: 7, Time: 850}, now, false, false, FaultNone},
		{"151 s old", "anna", AuthNoPriv, Params{EngineID: id, Boots: 7, Time: 849}, now, false, false, NotInTimeWindows},
		{"150 s ahead", "anna", AuthNoPriv, Params{EngineID: id, Boots: 7, Time: 1150}, now, false, false, FaultNone},
		{"151 s ahead", "anna", AuthNoPriv, Params{EngineID: id, Boots: 7, Time: 1151}, now, false, false, NotInTimeWindows},
		{"last boots", "anna", AuthNoPriv, Params{EngineID: id, Boots: 6, Time: 1000}, now, false, false, NotInTimeWindows},
		{"time unknown", "anna", AuthNoPriv, Params{EngineID: id}, now, false, false, NotInTimeWindows},
		{"clock set back", "anna", AuthNoPriv, Params{EngineID: id, Boots: 7, Time: 100}, t0.Add(-time.Hour), false, false, FaultNone},
	} {
		t.Run(tt.name, func(t *testing.T) {
			msg := append([]byte("some message "), make([]byte, MaxDigest)...)
			const at = 5
			p := tt.p
			p.User = []byte(tt.user)
			if u := users[tt.user]; u != nil && u.Level() != NoAuthNoPriv {
				clear(msg[at : at+u.DigestLen()])
				u.Sign(msg, at)
				if tt.spoil {
					msg[len(msg)-1] ^= 1
				}
				p.Digest = msg[at : at+u.DigestLen()]
				if tt.short {
					p.Digest = p.Digest[:4]
				}
			}
			before, orig := e.stats, bytes.Clone(msg)
			u, f := e.Verify(tt.now, users, tt.level, &p, msg, at)
			if f != tt.want {
				t.Errorf("fault %v, want %v", f, tt.want)
			}
			if f == FaultNone && (u == nil || u.Name() != tt.user) {
				t.Errorf("user %v", u)
			}
			if f != FaultNone {
				before[f]++
			}
			if before != e.stats {
				t.Errorf("counters %v, want %v", e.stats, before)
			}
			if !bytes.Equal(msg, orig) {
				t.Error("the message was changed")
			}
		})
	}
}

func TestVerifyAllocs(t *testing.T) {
	e := NewRandomEngine(411, t0)
	users := testUsers(t, e.ID())
	u := users["petr"]
	msg := make([]byte, 500)
	u.Sign(msg, 20)
	var salt [SaltLen]byte
	p := &Params{EngineID: e.ID(), Boots: 1, Time: 0, User: []byte("petr"), Digest: msg[20:68], Salt: salt[:]}
	if n := testing.AllocsPerRun(100, func() {
		if _, f := e.Verify(t0, users, AuthPriv, p, msg, 20); f != FaultNone {
			t.Fatal(f)
		}
		salt = e.NextSalt(u, 1)
		u.Encrypt(msg[100:], 1, 0, &salt)
		_ = u.Decrypt(msg[100:], p)
		u.Sign(msg, 20)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestSaltsAreUnique(t *testing.T) {
	e := NewRandomEngine(411, t0)
	seen := make(map[[SaltLen]byte]bool)
	for range 1000 {
		for _, p := range []PrivProtocol{DES, AES128} {
			s := e.NextSalt(&User{priv: p}, 3)
			if seen[s] {
				t.Fatal("a salt came twice")
			}
			seen[s] = true
		}
	}
}

func TestClockLatch(t *testing.T) {
	e, _ := NewEngine([]byte("engine"), maxBoots-1, t0)
	saved := int32(0)
	e.keep = func(b int32) error { saved = b; return nil }
	end := t0.Add(math.MaxInt32 * time.Second)
	if b, s := e.Clock(end); b != maxBoots-1 || s != math.MaxInt32 || saved != 0 {
		t.Errorf("at the end of time: boots %d, time %d, saved %d", b, s, saved)
	}
	if b, s := e.Clock(end.Add(time.Second)); b != maxBoots || s != 0 || saved != maxBoots {
		t.Errorf("after it: boots %d, time %d, saved %d", b, s, saved)
	}
	users := testUsers(t, e.ID())
	msg := make([]byte, 100)
	users["anna"].Sign(msg, 0)
	p := &Params{EngineID: e.ID(), Boots: maxBoots, User: []byte("anna"), Digest: msg[:24]}
	if _, f := e.Verify(end.Add(time.Second), users, AuthNoPriv, p, msg, 0); f != NotInTimeWindows {
		t.Errorf("a latched engine accepts messages: %v", f)
	}

	e, _ = NewEngine([]byte("engine"), 5, t0)
	e.keep = func(int32) error { return errors.New("disk full") }
	if b, _ := e.Clock(end.Add(time.Second)); b != maxBoots {
		t.Errorf("boots that cannot be stored do not latch: %d", b)
	}
}

func TestEngineID(t *testing.T) {
	id := RandomEngineID(411)
	if !bytes.HasPrefix(id, []byte{0x80, 0, 1, 0x9b, 5}) || CheckEngineID(id) != nil || bytes.Equal(id, RandomEngineID(411)) {
		t.Errorf("engine ID %x", id)
	}
	for _, bad := range []string{"", "80000001", strings.Repeat("80", 33), "0000000000", "ffffffffff"} {
		if CheckEngineID(unhex(t, bad)) == nil {
			t.Errorf("engine ID %q accepted", bad)
		}
	}
	if _, err := NewEngine([]byte("engine"), -1, t0); err == nil {
		t.Error("negative boots accepted")
	}
}

func TestStateFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "engine")
	e, err := OpenEngine(path, 411, t0)
	if err != nil || e.boots != 1 {
		t.Fatalf("first start: boots %d, %v", e.boots, err)
	}
	e.Close()
	for want := int32(2); want < 5; want++ {
		e2, err := OpenEngine(path, 411, t0)
		e2.Close()
		if err != nil || e2.boots != want || !bytes.Equal(e2.ID(), e.ID()) {
			t.Fatalf("start %d: boots %d, same ID %v, %v", want, e2.boots, bytes.Equal(e2.ID(), e.ID()), err)
		}
		// What OpenEngine returned is on the disk already.
		if text, _ := os.ReadFile(path); !strings.Contains(string(text), "boots "+string('0'+rune(want))+"\n") {
			t.Fatalf("start %d: the file holds %q", want, text)
		}
	}
	if files, _ := os.ReadDir(filepath.Dir(path)); len(files) != 2 { // the file and its lock
		t.Errorf("left over: %v", files)
	}
	if e, err := OpenEngine("", 411, t0); err != nil || e.boots != 1 {
		t.Errorf("no path: %v", err)
	}
}

func TestStateFileFaults(t *testing.T) {
	const good = "80000190be05aabb"
	for _, tt := range []struct{ name, text, want string }{
		{"not ours", "root:x:0:0:root:/root:/bin/sh\n", "not an engine state file"},
		{"no boots", "engine-id " + good + "\n", "missing"},
		{"no id", "boots 3\n", "missing"},
		{"twice", "boots 3\nboots 3\nengine-id " + good + "\n", "not an engine state file"},
		{"bad hex", "engine-id xyz\nboots 3\n", "engine-id"},
		{"short id", "engine-id 8001\nboots 3\n", "octets"},
		{"negative", "engine-id " + good + "\nboots -3\n", "boots"},
		{"too large", "engine-id " + good + "\nboots 2147483648\n", "boots"},
		{"long", strings.Repeat("# text\n", 1000), "too long"},
		{"latched", "engine-id " + good + "\nboots 2147483647\n", "reached its end"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "engine")
			if err := os.WriteFile(path, []byte(tt.text), 0o600); err != nil {
				t.Fatal(err)
			}
			e, err := OpenEngine(path, 411, t0)
			if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), path) {
				t.Errorf("warning %v, want %q", err, tt.want)
			}
			if tt.name == "latched" {
				if e.boots != maxBoots {
					t.Errorf("boots %d", e.boots)
				}
				return
			}
			if e.boots != 1 || hex.EncodeToString(e.ID()) == good {
				t.Errorf("boots %d, ID %x: must be 1 and a random ID", e.boots, e.ID())
			}
			if now, _ := os.ReadFile(path); string(now) != tt.text {
				t.Errorf("the file was overwritten with %q", now)
			}
		})
	}
}

// A file that can be read but not written again must not lend its engine ID.
func TestStateFileUnwritable(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "engine")
	first, err := OpenEngine(path, 411, t0)
	if err != nil {
		t.Fatal(err)
	}
	first.Close()
	for _, bad := range []string{filepath.Join(dir, "missing", "engine"), filepath.Join(path, "engine"), dir} {
		e, err := OpenEngine(bad, 411, t0)
		if err == nil || e.boots != 1 {
			t.Errorf("%s: boots %d, warning %v", bad, e.boots, err)
		}
	}
	if err := os.Chmod(dir, 0o500); err != nil {
		t.Fatal(err)
	}
	defer os.Chmod(dir, 0o700)
	if f, err := os.CreateTemp(dir, "x"); err == nil {
		f.Close()
		t.Skip("this user may write into a directory without write permission (root)")
	}
	e, err := OpenEngine(path, 411, t0)
	if err == nil || e.boots != 1 || bytes.Equal(e.ID(), first.ID()) {
		t.Errorf("boots %d, same ID %v, warning %v", e.boots, bytes.Equal(e.ID(), first.ID()), err)
	}
}

func FuzzParseState(f *testing.F) {
	f.Add([]byte(stateHeader + "engine-id 80000190be05aabb\nboots 3\n"))
	f.Add([]byte("engine-id 80000190be05\n\n#\nboots 2147483647"))
	f.Fuzz(func(t *testing.T, text []byte) {
		id, boots, err := parseState(text)
		if err == nil && (boots < 0 || CheckEngineID(id) != nil) {
			t.Errorf("accepted ID %x, boots %d", id, boots)
		}
	})
}
