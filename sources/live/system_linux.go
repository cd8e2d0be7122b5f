package live

import (
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"netramet/internal/spelling"
)

// system asks the kernel about interfaces.
type system struct{ fd int }

func newSystem() (system, error) {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	return system{fd}, os.NewSyscallError("socket", err)
}

func (s system) close() { unix.Close(s.fd) }

// card is what the kernel says of an interface.
type card struct {
	index    int
	up       bool   // made so by the administrator
	running  bool   // and has a carrier, where such links have one
	hardware uint16 // ARPHRD_*
	mtu      uint32
}

// card returns the interface of a name; ok is false where there is none.
func (s system) card(name string) (c card, ok bool) {
	r, err := unix.NewIfreq(name)
	if err != nil {
		return c, false
	}
	if unix.IoctlIfreq(s.fd, unix.SIOCGIFINDEX, r) != nil {
		return c, false
	}
	c.index = int(r.Uint32())
	if unix.IoctlIfreq(s.fd, unix.SIOCGIFFLAGS, r) != nil {
		return c, false
	}
	c.up = r.Uint16()&unix.IFF_UP != 0
	c.running = c.up && r.Uint16()&unix.IFF_RUNNING != 0
	if unix.IoctlIfreq(s.fd, unix.SIOCGIFHWADDR, r) != nil {
		return c, false
	}
	c.hardware = r.Uint16()
	if unix.IoctlIfreq(s.fd, unix.SIOCGIFMTU, r) != nil {
		return c, false
	}
	c.mtu = r.Uint32()
	return c, true
}

// name returns the name of an interface, "" where there is none.
func (s system) name(index int) string {
	r, err := unix.NewIfreq("?")
	if err != nil {
		return ""
	}
	r.SetUint32(uint32(index))
	if unix.IoctlIfreq(s.fd, unix.SIOCGIFNAME, r) != nil {
		return ""
	}
	return r.Name()
}

// maxListed is how many interfaces an error names.
const maxListed = 20

// noInterface says that there is no interface of a name, and which there are.
func noInterface(name string) error {
	var names []string
	list, _ := net.Interfaces()
	for _, i := range list {
		names = append(names, i.Name)
	}
	slices.Sort(names)
	hint := ""
	if near := spelling.Nearest(name, names, 2); len(near) > 0 {
		hint = fmt.Sprintf(" (did you mean %s?)", strings.Join(near, " or "))
	}
	if len(names) > maxListed {
		names = append(names[:maxListed], "...")
	}
	return missing(fmt.Sprintf("interface %q: there is none of that name%s; there are: %s, and %s for all",
		name, hint, strings.Join(names, ", "), Any))
}

// missing is the text of an error that is unix.ENODEV.
type missing string

func (m missing) Error() string        { return string(m) }
func (m missing) Is(target error) bool { return target == unix.ENODEV }

// explained adds to what the kernel refuses what can be done about it.
func explained(err error) error {
	switch {
	case errors.Is(err, unix.EPERM), errors.Is(err, unix.EACCES):
		program, perr := os.Executable()
		if perr != nil {
			program = "the program"
		}
		return fmt.Errorf("capturing needs the capability CAP_NET_RAW: run it as root, as a service that has it, or once do 'setcap cap_net_raw+ep %s': %w", program, err)
	case errors.Is(err, unix.ENOMEM):
		return fmt.Errorf("%w: there is not enough memory for the rings: make them smaller, or fewer", err)
	case errors.Is(err, unix.EAFNOSUPPORT):
		return fmt.Errorf("this kernel, or the service's sandbox, has no packet sockets (AF_PACKET): %w", err)
	}
	return err
}
