package netns

import (
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// Enter moves the goroutine of a test to a new network namespace, in which only the
// loopback is, and that is down. What is to happen in the namespace, sockets opened
// above all, must happen on this goroutine: it is locked to its thread, which ends
// with it. Subtests are goroutines of their own.
func Enter(t testing.TB) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("a network namespace needs root")
	}
	if _, err := exec.LookPath("ip"); err != nil {
		t.Skip("a network namespace needs iproute2's ip")
	}
	runtime.LockOSThread() // and never unlocked, so that no other goroutine comes here
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		t.Skipf("no network namespace: %v", err)
	}
	if err := withoutIPv6(); err != nil {
		t.Skipf("IPv6 cannot be turned off in the network namespace: %v", err)
	}
}

// withoutIPv6 turns IPv6 off in the namespace: neighbour and router discovery would be
// packets that nobody has sent.
func withoutIPv6() error {
	for _, of := range []string{"all", "default"} {
		err := os.WriteFile("/proc/sys/net/ipv6/conf/"+of+"/disable_ipv6", []byte("1"), 0)
		if err != nil && !os.IsNotExist(err) {
			return err
		}
	}
	return nil
}

// IP runs iproute2's ip in the namespace, with arguments that blanks part.
func IP(t testing.TB, command string) {
	t.Helper()
	if out, err := exec.Command("ip", strings.Fields(command)...).CombinedOutput(); err != nil {
		t.Fatalf("ip %s: %v: %s", command, err, out)
	}
}

// Pair makes two interfaces, of which each receives what the other one sends, and
// takes them up, until they have a carrier. They have no addresses and ask for none.
func Pair(t testing.TB, a, b string) {
	t.Helper()
	if out, err := exec.Command("ip", "link", "add", a, "arp", "off", "type", "veth", "peer", "name", b, "arp", "off").CombinedOutput(); err != nil {
		t.Skipf("no pair of interfaces: %v: %s", err, out)
	}
	IP(t, "link set "+a+" arp off up")
	IP(t, "link set "+b+" arp off up")
	for end := time.Now().Add(patience); !running(a) || !running(b); {
		if time.Now().After(end) {
			t.Fatalf("%s and %s get no carrier", a, b)
		}
	}
}

// patience is how long interfaces have to get a carrier, which the kernel finds out
// a little later than it is there.
const patience = 30 * time.Second

// running reports whether an interface is up and has a carrier.
func running(name string) bool {
	out, err := exec.Command("ip", "-oneline", "link", "show", name).Output()
	return err == nil && strings.Contains(string(out), "state UP")
}

// Sender sends frames as they are.
type Sender struct{ fd int }

// NewSender returns a sender on an interface of the namespace. Any goroutine may
// use it.
func NewSender(t testing.TB, name string) *Sender {
	t.Helper()
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatalf("a socket to send from: %v", err)
	}
	t.Cleanup(func() { unix.Close(fd) })
	r, err := unix.NewIfreq(name)
	if err == nil {
		err = unix.IoctlIfreq(fd, unix.SIOCGIFINDEX, r)
	}
	if err == nil {
		err = unix.Bind(fd, &unix.SockaddrLinklayer{Ifindex: int(r.Uint32())})
	}
	if err != nil {
		t.Fatalf("a socket to send from %s: %v", name, err)
	}
	return &Sender{fd}
}

// Send sends a frame, or says why the kernel did not take it.
func (s *Sender) Send(frame []byte) error {
	_, err := unix.Write(s.fd, frame)
	return err
}

// Beyond runs a function in another new namespace without IPv6, to which it moves an
// interface first. The function is on a goroutine of its own, which the test waits for in the
// end; what the function must not do is fail the test.
func Beyond(t testing.TB, name string, run func()) {
	t.Helper()
	thread, moved, done := make(chan int), make(chan bool), make(chan bool)
	go func() {
		defer close(done)
		runtime.LockOSThread()
		if unix.Unshare(unix.CLONE_NEWNET) != nil || withoutIPv6() != nil {
			close(thread)
			return
		}
		thread <- unix.Gettid()
		if <-moved {
			run()
		}
	}()
	t.Cleanup(func() { <-done })
	defer close(moved)
	id, ok := <-thread
	if !ok {
		t.Skip("no second network namespace without IPv6")
	}
	IP(t, "link set "+name+" netns "+strconv.Itoa(id))
	moved <- true
}

// FD is the sender's socket, which stays the sender's.
func (s *Sender) FD() int { return s.fd }
