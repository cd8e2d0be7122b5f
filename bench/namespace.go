//go:build linux

package main

import (
	"fmt"
	"os"
	"os/exec"
	"strings"

	"golang.org/x/sys/unix"
)

// near and far are the ends of a pair of interfaces: what is sent to far comes to near.
const near, far = "bench0", "bench1"

// pairWords make the pair, which has no addresses and asks for none.
var pairWords = []string{
	"link add " + near + " arp off type veth peer name " + far + " arp off",
	"link set " + far + " arp off up", "link set " + near + " arp off up",
}

// newNamespace moves this thread, and what it starts from now on, to a new network
// namespace with the pair in it. The thread must be locked.
func newNamespace() error {
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		return os.NewSyscallError("unshare", err)
	}
	// Neighbour and router discovery would be packets that nobody has sent.
	_ = os.WriteFile("/proc/sys/net/ipv6/conf/default/disable_ipv6", []byte("1"), 0)
	for _, words := range pairWords {
		if err := ip(words); err != nil {
			return err
		}
	}
	return nil
}

// ip runs iproute2's ip.
func ip(words string) error {
	if out, err := exec.Command("ip", strings.Fields(words)...).CombinedOutput(); err != nil {
		return fmt.Errorf("ip %s: %w: %s", words, err, out)
	}
	return nil
}
