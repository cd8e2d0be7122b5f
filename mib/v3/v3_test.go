package v3

import (
	"bytes"
	"math"
	"testing"

	"netramet/mib/ber"
	"netramet/mib/usm"
)

func TestThereAndBack(t *testing.T) {
	for _, h := range []Header{
		{MsgID: 1, MaxSize: 484, Model: SecurityModel},
		{MsgID: math.MaxInt32, MaxSize: math.MaxInt32, Model: 4, Flags: byte(usm.AuthPriv) | Reportable},
	} {
		want := usm.Params{EngineID: []byte("engine"), Boots: 5, Time: 300, User: []byte("noc"), Digest: make([]byte, 24), Salt: []byte("saltsalt")}
		buf := make([]byte, 200)
		var w ber.Writer
		w.Reset(buf)
		w.Raw([]byte("behind"))
		digestAt := Write(&w, &h, &want)
		copy(buf[digestAt:], "a digest of 24 octets...")
		r := ber.NewReader(w.Bytes())
		var got Header
		var p usm.Params
		err := got.Read(&r)
		if err != nil || got != h {
			t.Errorf("%+v, want %+v: %v", got, h, err)
		}
		at, err := ReadParams(&r, &p)
		if err != nil || at != digestAt-w.Pos() || string(p.Digest) != "a digest of 24 octets..." || string(r.Rest()) != "behind" ||
			!bytes.Equal(p.EngineID, want.EngineID) || p.Boots != 5 || p.Time != 300 || string(p.User) != "noc" || string(p.Salt) != "saltsalt" {
			t.Errorf("%+v at %d, %q behind it: %v", p, at, r.Rest(), err)
		}
	}
}

// FuzzHead reads anything, and points nowhere else.
func FuzzHead(f *testing.F) {
	f.Add([]byte("\x30\x0d\x02\x01\x07\x02\x02\x01\xe4\x04\x01\x04\x02\x01\x03\x04\x10\x30\x0e\x04\x00\x02\x01\x00\x02\x01\x00\x04\x00\x04\x00\x04\x00\x30\x04\x04\x00\x04\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		r := ber.NewReader(b)
		var h Header
		var p usm.Params
		if h.Read(&r) != nil {
			return
		}
		at, err := ReadParams(&r, &p)
		if err == nil && !bytes.Equal(b[at:at+len(p.Digest)], p.Digest) {
			t.Errorf("the digest is not at %d", at)
		}
		_, _, _, _ = ScopedPDU(&r)
	})
}
