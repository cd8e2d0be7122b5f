package usm

import (
	"bytes"
	"crypto/cipher"
	"crypto/des"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// RFC 3414 A.3.1 and A.3.2.
func TestKeyVectors(t *testing.T) {
	engine := unhex(t, "000000000000000000000002")
	for _, tt := range []struct {
		auth    AuthProtocol
		ku, kul string
	}{
		{MD5, "9faf3283884e92834ebc9847d8edd963", "526f5eed9fcce26f8964c2930787d82b"},
		{SHA1, "9fb5cc0381497b3793528939ff788d5d79145211", "6695febc9288e36282235fc7151f128497b38f3f"},
	} {
		ku := PassphraseKey(tt.auth, "maplesyrup")
		if got := hex.EncodeToString(ku); got != tt.ku {
			t.Errorf("%v: Ku %s, want %s", tt.auth, got, tt.ku)
		}
		if got := hex.EncodeToString(LocalKey(tt.auth, ku, engine)); got != tt.kul {
			t.Errorf("%v: Kul %s, want %s", tt.auth, got, tt.kul)
		}
	}
}

// The block-wise expansion must equal the octet-wise one of RFC 3414 A.2 for
// passphrases of every length against the block.
func TestPassphraseKeyLengths(t *testing.T) {
	for _, n := range []int{1, 8, 63, 1000, 4095, 4096, 4097, 9000} {
		pass := strings.Repeat("p", n-1) + "q"
		h := SHA256.newHash()
		for i := 0; i < expandedLen; i += n {
			h.Write([]byte(pass)[:min(n, expandedLen-i)])
		}
		if !bytes.Equal(h.Sum(nil), PassphraseKey(SHA256, pass)) {
			t.Errorf("passphrase of %d octets: wrong key", n)
		}
	}
}

func TestExtendKey(t *testing.T) {
	kul := unhex(t, "6695febc9288e36282235fc7151f128497b38f3f")
	key := ExtendKey(SHA1, kul, 32)
	h := SHA1.newHash()
	h.Write(kul)
	if want := h.Sum(kul[:20:20])[:32]; !bytes.Equal(key, want) {
		t.Errorf("extended key %x, want %x", key, want)
	}
	if got := ExtendKey(SHA1, kul, 16); !bytes.Equal(got, kul[:16]) {
		t.Errorf("cut key %x", got)
	}
}

// NIST SP 800-38A F.3.13, F.3.15, F.3.17: CFB128 with AES.
func TestAESVectors(t *testing.T) {
	plain := unhex(t, "6bc1bee22e409f96e93d7e117393172a ae2d8a571e03ac9c9eb76fac45af8e51")
	for _, tt := range []struct {
		priv      PrivProtocol
		key, want string
	}{
		{AES128, "2b7e151628aed2a6abf7158809cf4f3c",
			"3b3fd92eb72dad20333449f8e83cfb4a c8a64537a0b3a93fcde3cdad9f1ce58b"},
		{AES192, "8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b",
			"cdc80d6fddf18cab34c25909c99a4174 67ce7f7f81173621961a2b70171d3d7a"},
		{AES256, "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4",
			"dc7e84bfda79164b7ecd8486985d3860 39ffed143b28b1c832113c6331e5407b"},
	} {
		t.Run(tt.priv.String(), func(t *testing.T) {
			u := &User{auth: SHA512, priv: tt.priv, k: new(keys)}
			if err := u.setPrivKey(unhex(t, tt.key)); err != nil {
				t.Fatal(err)
			}
			// IV 00 01 .. 0f as boots, time and salt.
			p := &Params{Boots: 0x00010203, Time: 0x04050607, Salt: unhex(t, "08090a0b0c0d0e0f")}
			want := unhex(t, tt.want)
			for n := range len(plain) + 1 { // all lengths: the last block may be short
				data := bytes.Clone(plain[:n])
				u.Encrypt(data, p.Boots, p.Time, (*[8]byte)(p.Salt))
				if !bytes.Equal(data, want[:n]) {
					t.Fatalf("%d octets: %x", n, data)
				}
				if !u.Decrypt(data, p) || !bytes.Equal(data, plain[:n]) {
					t.Fatalf("%d octets: decrypted %x", n, data)
				}
			}
		})
	}
}

func TestDES(t *testing.T) {
	u := &User{auth: MD5, priv: DES, k: new(keys)}
	key := unhex(t, "526f5eed9fcce26f8964c2930787d82b")
	if err := u.setPrivKey(key); err != nil {
		t.Fatal(err)
	}
	p := &Params{Salt: unhex(t, "0000000100000007")}
	block, _ := des.NewCipher(key[:8])
	iv := make([]byte, 8)
	for i := range iv {
		iv[i] = key[8+i] ^ p.Salt[i]
	}
	for _, n := range []int{0, 8, 64} {
		plain := bytes.Repeat([]byte{7, 1, 9}, 40)[:n]
		want := make([]byte, n)
		cipher.NewCBCEncrypter(block, iv).CryptBlocks(want, plain)
		data := bytes.Clone(plain)
		u.Encrypt(data, 1, 2, (*[8]byte)(p.Salt))
		if !bytes.Equal(data, want) {
			t.Errorf("%d octets: %x, want %x", n, data, want)
		}
		if !u.Decrypt(data, p) || !bytes.Equal(data, plain) {
			t.Errorf("%d octets: decrypted %x", n, data)
		}
	}
	if u.Decrypt(make([]byte, 9), p) {
		t.Error("nine octets decrypted")
	}
	if u.Decrypt(make([]byte, 8), &Params{Salt: p.Salt[:7]}) {
		t.Error("a salt of seven octets is accepted")
	}
	if u.Padded(9) != 16 || u.Padded(16) != 16 {
		t.Error("padding")
	}
}

func TestNames(t *testing.T) {
	for _, tt := range []struct {
		name string
		auth AuthProtocol
		priv PrivProtocol
	}{
		{"md5", MD5, NoPriv}, {"SHA", SHA1, NoPriv}, {"sha-1", SHA1, NoPriv}, {"SHA224", SHA224, NoPriv},
		{"SHA-256", SHA256, NoPriv}, {"sha_384", SHA384, NoPriv}, {"Sha-512", SHA512, NoPriv},
		{"DES", NoAuth, DES}, {"aes", NoAuth, AES128}, {"AES-128", NoAuth, AES128}, {"aes192", NoAuth, AES192},
		{"AES256", NoAuth, AES256}, {"none", NoAuth, NoPriv}, {"", NoAuth, NoPriv},
	} {
		if a, ok := LookupAuth(tt.name); a != tt.auth || ok != (a != NoAuth) {
			t.Errorf("LookupAuth(%q) = %v, %v", tt.name, a, ok)
		}
		if p, ok := LookupPriv(tt.name); p != tt.priv || ok != (p != NoPriv) {
			t.Errorf("LookupPriv(%q) = %v, %v", tt.name, p, ok)
		}
	}
}

func TestUserConfig(t *testing.T) {
	good := UserConfig{Name: "olga", Auth: SHA256, AuthPass: NewSecret("authauth"),
		Priv: AES128, PrivPass: NewSecret("privpriv")}
	for _, tt := range []struct {
		name string
		edit func(*UserConfig)
		want string // part of the error, "" if none
	}{
		{"good", func(*UserConfig) {}, ""},
		{"no auth", func(c *UserConfig) { *c = UserConfig{Name: "guest"} }, ""},
		{"no name", func(c *UserConfig) { c.Name = "" }, "name"},
		{"long name", func(c *UserConfig) { c.Name = strings.Repeat("x", 33) }, "name"},
		{"priv without auth", func(c *UserConfig) { c.Auth = NoAuth }, "needs authentication"},
		{"short auth", func(c *UserConfig) { c.AuthPass = NewSecret("seven77") }, "authentication passphrase is shorter"},
		{"short priv", func(c *UserConfig) { c.PrivPass = NewSecret("seven77") }, "privacy passphrase is shorter"},
		{"no such protocol", func(c *UserConfig) { c.Auth = 99 }, "unknown protocol"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := good
			tt.edit(&c)
			u, err := NewUser(c, []byte("engine"))
			if tt.want == "" {
				if err != nil || u.Level() != c.Level() || u.Name() != c.Name {
					t.Errorf("%v, %v", u, err)
				}
			} else if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "seven77") {
				t.Errorf("error %v, want %q", err, tt.want)
			}
		})
	}
}

func TestSecretsDoNotPrint(t *testing.T) {
	c := UserConfig{Name: "olga", Auth: SHA1, AuthPass: NewSecret("topsecret1"), Priv: DES, PrivPass: NewSecret("topsecret2")}
	u, err := NewUser(c, []byte("engine"))
	if err != nil {
		t.Fatal(err)
	}
	type hidden struct {
		c UserConfig
		s Secret
		u *User
		v User
	}
	h := hidden{c, c.AuthPass, u, *u}
	ku := LocalKey(SHA1, PassphraseKey(SHA1, "topsecret1"), []byte("engine"))
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%q", "%d"} {
		for _, x := range []any{c, &c, c.AuthPass, &c.AuthPass, u, *u, h, &h, Users{"olga": u}} {
			s := fmt.Sprintf(verb, x)
			for _, bad := range []string{"topsecret", hex.EncodeToString([]byte("topsecret")),
				hex.EncodeToString(ku), fmt.Sprint(ku)[1:40]} {
				if strings.Contains(s, bad) {
					t.Errorf("%s of %T shows a secret: %s", verb, x, s)
				}
			}
		}
	}
	if c.AuthPass.Reveal() != "topsecret1" || (Secret{}).Reveal() != "" {
		t.Error("Reveal")
	}
}

func BenchmarkPassphraseKey(b *testing.B) {
	for b.Loop() {
		PassphraseKey(SHA256, "maplesyrup")
	}
}

func BenchmarkCrypt64k(b *testing.B) {
	u, err := NewUser(UserConfig{Name: "u", Auth: SHA256, AuthPass: NewSecret("12345678"),
		Priv: AES128, PrivPass: NewSecret("12345678")}, []byte("engine"))
	if err != nil {
		b.Fatal(err)
	}
	data := make([]byte, 65000)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		u.Encrypt(data, 1, 2, &[8]byte{})
		u.Sign(data, 10)
	}
}
