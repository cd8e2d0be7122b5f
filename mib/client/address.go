package client

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// addresses finds what Options.Host means now, in the order in which they are to be
// tried.
func (c *Client) addresses(ctx context.Context) ([]netip.AddrPort, error) {
	var all []netip.Addr
	if a, err := netip.ParseAddr(c.host); err == nil {
		if err := checkZone(a.Zone()); err != nil {
			return nil, fmt.Errorf("meter %s: %w", c.addr, err)
		}
		all = []netip.Addr{a}
	} else if all, err = c.lookup(ctx, "ip", c.host); err != nil {
		return nil, notConnected(c.addr, &net.OpError{Op: "lookup", Net: "udp", Err: err})
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("meter %s: the name has no address", c.addr)
	}
	ports := make([]netip.AddrPort, len(all))
	for i, a := range all {
		ports[i] = netip.AddrPortFrom(a.Unmap(), c.port)
	}
	return ports, nil
}

// checkZone reports a zone that is no network interface of this host: waiting does
// not make it one.
func checkZone(zone string) error {
	if zone == "" {
		return nil
	}
	if _, err := strconv.Atoi(zone); err == nil {
		return nil
	}
	if _, err := net.InterfaceByName(zone); err != nil {
		return fmt.Errorf("this host has no network interface %q, which the address names behind %%", zone)
	}
	return nil
}

// open makes a socket to the first of the addresses to which there is a way, and
// returns which one that is.
func (c *Client) open(ctx context.Context, all []netip.AddrPort) (conn net.Conn, at int, err error) {
	var first error
	for i, a := range all {
		conn, err := new(net.Dialer).DialContext(ctx, "udp", a.String())
		if err == nil {
			return conn, i, nil
		}
		if first == nil {
			first = err
		}
	}
	return nil, 0, notConnected(c.addr, first)
}

// Resolve looks the meter's name up again, between two requests, and reports whether
// it goes to another address from then on: a new one, or where the name has several
// the next one, for this is asked when the meter is silent.
func (c *Client) Resolve(ctx context.Context) (moved bool, err error) {
	if !c.mine {
		return false, nil
	}
	all, err := c.addresses(ctx)
	if err != nil {
		return false, err
	}
	now := c.Remote()
	at := slices.IndexFunc(all, func(a netip.AddrPort) bool { return a.String() == now })
	next := append(all[at+1:len(all):len(all)], all[:max(at, 0)]...)
	if len(next) == 0 {
		return false, nil
	}
	return true, c.redirect(ctx, next)
}

// redirect goes to the first of the addresses to which there is a way.
func (c *Client) redirect(ctx context.Context, all []netip.AddrPort) error {
	conn, _, err := c.open(ctx, all)
	if err != nil {
		return err
	}
	before := c.link.conn
	c.use(conn)
	return before.Close()
}

// Meet asks a meter the first time. Where its name has several addresses and there is
// no answer from one, it goes on to the next and asks there.
func (c *Client) Meet(ctx context.Context, ask func() error) error {
	err := ask()
	if !IsNoAnswer(err) || len(c.others) == 0 {
		return err
	}
	silent := silentError{c.host, []error{c.at(err)}}
	for len(c.others) > 0 {
		next := c.others
		c.others = c.others[1:]
		if err := c.redirect(ctx, next[:1]); err != nil {
			silent.errs = append(silent.errs, fmt.Errorf("%s: %w", next[0].Addr(), err))
			continue
		}
		err := ask()
		if !IsNoAnswer(err) {
			return err
		}
		silent.errs = append(silent.errs, c.at(err))
	}
	// The next call begins with the first one again.
	if all, err := c.addresses(ctx); err == nil && c.redirect(ctx, all[:1]) == nil {
		c.others = all[1:]
	}
	return silent
}

// at is err with the address it is about.
func (c *Client) at(err error) error {
	if a, parseErr := netip.ParseAddrPort(c.Remote()); parseErr == nil {
		return fmt.Errorf("%s: %w", a.Addr(), err)
	}
	return err
}

// silentError says that no address of a name has answered.
type silentError struct {
	host string
	errs []error
}

func (e silentError) Error() string {
	parts := make([]string, len(e.errs))
	for i, err := range e.errs {
		parts[i] = err.Error()
	}
	return fmt.Sprintf("no meter answers at any of the %d addresses of %s: %s", len(e.errs), e.host, strings.Join(parts, "; "))
}

func (e silentError) Unwrap() error { return errors.Join(e.errs...) }
