package live

import (
	"testing"

	"netramet/sources/sourcetest"
	"netramet/sources/wire"
)

// frames are n UDP packets of one octet each, of as many pairs of addresses as that
// makes, numbered by their IP identification and by an octet.
func frames(t testing.TB, n int) []wire.Frame {
	t.Helper()
	list := make([]wire.Frame, n)
	f := sourcetest.Frame(t, sourcetest.Ether("02:00:00:00:00:01", "02:00:00:00:00:02"),
		sourcetest.IPv4{Src: "10.0.0.1", Dst: "10.0.0.2"}, sourcetest.UDP{Src: 1, Dst: 2}, sourcetest.Payload(100))
	for i := range list {
		list[i] = f
		list[i].Data = append([]byte(nil), f.Data...)
		list[i].Data[18], list[i].Data[19] = byte(i>>8), byte(i) // identification
		list[i].Data[28], list[i].Data[29] = byte(i>>8), byte(i) // source
	}
	return list
}
