package agent

import (
	"bytes"
	"testing"

	"netramet/mib/ber"
)

// steadyRequests are what a collection is made of, and what a flood of bad
// messages is made of; for the test of allocations and the benchmark.
func steadyRequests(w *world) map[string][]byte {
	get := request{tag: ber.GetRequest, id: 1, binds: binds("1.3.6.1.2.1.1.3.0", "~.4.2.5", "~.4.1.77")}
	next := request{tag: ber.GetNextRequest, id: 2, binds: binds("~.4.2.500000", "~.4.1.7")}
	bulk := request{tag: ber.GetBulkRequest, id: 3, b: 1 << 20, binds: binds("~.4.2.1000")}
	two := request{tag: ber.GetBulkRequest, id: 3, b: 1 << 20, binds: binds("~.4.1.1000", "~.4.2.1000")}
	return map[string][]byte{
		"v2c Get":                        datagram(V2c, "reader", get),
		"v2c GetNext":                    datagram(V2c, "reader", next),
		"v2c GetNext in a view":          datagram(V2c, "limited", next),
		"v2c GetBulk":                    datagram(V2c, "reader", bulk),
		"v2c GetBulk two columns":        datagram(V2c, "reader", two),
		"v3 SHA-256 GetBulk":             bytes.Clone(w.newV3("anna", bulk).encode()),
		"v3 SHA-256 AES-128 GetBulk":     bytes.Clone(w.newV3("sha256aes", bulk).encode()),
		"v3 SHA-512 AES-256 GetBulk":     bytes.Clone(w.newV3("sha512aes256", bulk).encode()),
		"v3 MD5 DES GetBulk":             bytes.Clone(w.newV3("md5des", bulk).encode()),
		"v3 discovery":                   bytes.Clone(w.newV3("", request{tag: ber.GetRequest}).encode()),
		"v2c wrong community":            datagram(V2c, "nobody", get),
		"v3 forged message for the user": forged(w),
	}
}

// forged names a known user and another engine: the message that makes others
// derive keys.
func forged(w *world) []byte {
	m := w.newV3("sha256aes", request{tag: ber.GetRequest})
	m.p.EngineID = []byte("\x80\x00\x00\x00\x05other")
	return bytes.Clone(m.encode())
}

func bigWorld(t testing.TB) *world {
	w := newWorld(t, func(c *Config) { c.Do = nil })
	w.big.n = 1 << 20
	w.big.data = make([]byte, 100)
	return w
}

func TestSteadyStateDoesNotAllocate(t *testing.T) {
	w := bigWorld(t)
	for name, msg := range steadyRequests(w) {
		w.Handle(outBuf, msg, here, w.now) // scratch memory grows once
		if n := testing.AllocsPerRun(20, func() { w.Handle(outBuf, msg, here, w.now) }); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

func BenchmarkHandle(b *testing.B) {
	w := bigWorld(b)
	for name, msg := range steadyRequests(w) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			n := 0
			for b.Loop() {
				n = len(w.Handle(outBuf, msg, here, w.now))
			}
			b.ReportMetric(float64(n), "octets")
		})
	}
}
