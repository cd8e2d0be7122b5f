package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"slices"
	"syscall"

	"netramet/internal/fileaccess"
	"netramet/mib/agent"
	"netramet/mib/usm"
)

// access reads who may use the meter: the communities of the command line and
// the users file, which is read anew each time.
func (m *managedOptions) access() (*agent.Access, error) {
	acc := new(agent.Access)
	if m.users == "" && !m.given {
		return agent.DefaultAccess(), nil
	}
	if m.users != "" {
		f, err := os.Open(m.users)
		if err != nil {
			return nil, fmt.Errorf("users file: %w", err)
		}
		defer f.Close()
		if acc, err = agent.ParseUsers(f, m.users); err != nil {
			return nil, err
		}
		if !m.given {
			return acc, nil // the well-known communities are for nothing else
		}
	}
	if m.write != "" { // first, so that one community for both may write
		err := acc.AddCommunity(usm.NewSecret(m.write), nil, agent.Principal{Name: "community of -w", Write: true})
		if err != nil {
			return nil, fmt.Errorf("-w: %w", err)
		}
	}
	if m.read != "" {
		err := acc.AddCommunity(usm.NewSecret(m.read), nil, agent.Principal{Name: "community of -r"})
		if err != nil {
			return nil, fmt.Errorf("-r: %w", err)
		}
	}
	return acc, nil
}

// warnOfUsers warns of a users file that is open to all.
func warnOfUsers(name string, log *slog.Logger) {
	if fi, err := os.Stat(name); name != "" && err == nil {
		if err := fileaccess.OpenToAll(name, fi); err != nil {
			log.Warn("users file", slog.Any("error", err))
		}
	}
}

// freePortTries is how often a free port is looked for that is free in both
// families of addresses.
const freePortTries = 10

// openSockets listens on the addresses of --listen; without any, on loopback
// in IPv4 and, where the system has it, IPv6. What everybody could misuse is
// refused before a socket is open.
func (m *managedOptions) openSockets(ctx context.Context, acc *agent.Access) (conns []net.PacketConn, err error) {
	addrs, err := m.addresses()
	if err != nil {
		return nil, err
	}
	optional := len(addrs) // addresses from there on need not exist
	if len(addrs) == 0 {
		addrs = []netip.AddrPort{
			netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), m.port),
			netip.AddrPortFrom(netip.IPv6Loopback(), m.port),
		}
		optional = 1
	}
	if err := agent.CheckListen(addrs, acc); err != nil {
		return nil, err
	}
	return listenFree(addrs, optional, func(at netip.AddrPort) (net.PacketConn, error) { return listenUDP(ctx, at) })
}

// listenFree opens a socket on each address, or none. A free port of one family
// of addresses may be in use in the other: then it looks for another.
func listenFree(addrs []netip.AddrPort, optional int, listen func(netip.AddrPort) (net.PacketConn, error)) (conns []net.PacketConn, err error) {
	for range freePortTries {
		conns, err = listenAll(slices.Clone(addrs), optional, listen)
		if addrs[0].Port() != 0 || !errors.Is(err, syscall.EADDRINUSE) {
			break
		}
	}
	return conns, err
}

// listenAll opens a socket on each address, or none. It changes addrs.
func listenAll(addrs []netip.AddrPort, optional int, listen func(netip.AddrPort) (net.PacketConn, error)) (conns []net.PacketConn, err error) {
	for i, at := range addrs {
		c, err := listen(at)
		if err != nil && i >= optional && !errors.Is(err, syscall.EADDRINUSE) {
			continue
		}
		if err != nil {
			closeAll(conns)
			return nil, err
		}
		conns = append(conns, c)
		if addrs[0].Port() == 0 && i < optional {
			// A free port was asked for: the other family gets the same one.
			for k := optional; k < len(addrs); k++ {
				addrs[k] = netip.AddrPortFrom(addrs[k].Addr(), boundTo(c).Port())
			}
		}
	}
	return conns, nil
}

func listenUDP(ctx context.Context, at netip.AddrPort) (net.PacketConn, error) {
	network := "udp4"
	if at.Addr().Is6() {
		network = "udp6" // and no IPv4 on it, so that 0.0.0.0 and :: may both be given
	}
	var lc net.ListenConfig
	c, err := lc.ListenPacket(ctx, network, at.String())
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("listening on %v: the port is in use, perhaps by another meter; -m takes another port: %w", at, err)
	case errors.Is(err, syscall.EACCES):
		return nil, fmt.Errorf("listening on %v: ports below 1024 are for privileged users; -m takes another port: %w", at, err)
	case err != nil:
		return nil, fmt.Errorf("listening on %v: %w", at, err)
	}
	return c, nil
}

// boundTo is the address a socket has.
func boundTo(c net.PacketConn) netip.AddrPort {
	if u, ok := c.LocalAddr().(*net.UDPAddr); ok {
		return u.AddrPort()
	}
	return netip.AddrPort{}
}

func closeAll(conns []net.PacketConn) {
	for _, c := range conns {
		c.Close()
	}
}
