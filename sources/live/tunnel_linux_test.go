package live

import (
	"testing"

	"golang.org/x/sys/unix"

	"netramet/sources/sourcetest"
	"netramet/sources/sourcetest/netns"
	"netramet/sources/wire"
)

// tunnel makes an interface of a hardware type that receives what is written to the
// file.
func tunnel(t *testing.T, name string, hardware int) (file int) {
	t.Helper()
	fd, err := unix.Open("/dev/net/tun", unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Skipf("no tunnel interfaces: %v", err)
	}
	t.Cleanup(func() { unix.Close(fd) })
	r, err := unix.NewIfreq(name)
	if err != nil {
		t.Fatal(err)
	}
	r.SetUint16(unix.IFF_TUN | unix.IFF_NO_PI)
	if err := unix.IoctlIfreq(fd, unix.TUNSETIFF, r); err != nil {
		t.Skipf("no tunnel interface: %v", err)
	}
	if err := unix.IoctlSetInt(fd, unix.TUNSETLINK, hardware); err != nil {
		t.Skipf("no tunnel interface of hardware type %d: %v", hardware, err)
	}
	netns.IP(t, "link set "+name+" up")
	return fd
}

// TestOtherLinks: interfaces that carry IP alone give it alone; of others, the frame
// says what it is.
func TestOtherLinks(t *testing.T) {
	v4 := sourcetest.Frame(t, sourcetest.IPv4{}, sourcetest.UDP{Src: 1, Dst: 2}, sourcetest.Payload(30)).Data
	v6 := sourcetest.Frame(t, sourcetest.IPv6{}, sourcetest.UDP{Src: 1, Dst: 2}, sourcetest.Payload(30)).Data
	cooked := func(hardware byte, proto uint16, data []byte) []byte {
		return append([]byte{0, 0, 2, hardware, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, byte(proto >> 8), byte(proto)}, data...)
	}
	for _, row := range []struct {
		name     string
		hardware int
		any      bool
		link     wire.LinkType
		v4, v6   []byte
	}{
		{"none", unix.ARPHRD_NONE, false, wire.LinkRaw, v4, v6},
		{"ppp", unix.ARPHRD_PPP, false, wire.LinkRaw, v4, v6},
		{"none, of all", unix.ARPHRD_NONE, true, wire.LinkRaw, v4, v6},
		{"one that is not known", 0x0208, false, wire.LinkLinuxSLL, cooked(8, 0x0800, v4), cooked(8, 0x86dd, v6)},
	} {
		netnsTest(t, row.name, func(t *testing.T) {
			file := tunnel(t, "t0", row.hardware)
			name := "t0"
			if row.any {
				name = Any
			}
			s := open(t, Options{Interfaces: []string{name}})
			for _, p := range [][]byte{v4, v6} {
				if _, err := unix.Write(file, p); err != nil {
					t.Fatal(err)
				}
			}
			got := readAll(t, s, 2)
			for i, want := range [][]byte{row.v4, row.v6} {
				f := wire.Frame{Time: got[i].Time, Data: want, WireLen: uint32(len(want)), LinkType: row.link, Interface: got[i].Interface}
				if d := sourcetest.Difference(got[i], f); d != "" {
					t.Errorf("frame %d: %s", i, d)
				}
			}
			list := s.Interfaces()
			if x := list[len(list)-1]; x.Name != "t0" || x.LinkType != row.link || x.Packets != 2 {
				t.Errorf("%+v", x)
			}
		})
	}
}
