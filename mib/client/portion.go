package client

import (
	"context"
	"errors"
	"syscall"

	"github.com/gosnmp/gosnmp"

	"netramet/mib"
)

// tooLargeError says that a message or its answer was lost while the meter
// answers to small ones: it is too large for the path, or for the meter.
type tooLargeError struct{ error }

func (e tooLargeError) Unwrap() error { return e.error }

// IsTooLarge reports whether err is that a message, or the answer to it, was too
// large for the path or for the meter, and could not be divided.
func IsTooLarge(err error) bool {
	return isTooLarge(err) || IsStatus(err, TooBig)
}

func isTooLarge(err error) bool {
	var e tooLargeError
	return errors.As(err, &e)
}

// room is what variables may take of a message now.
func (c *Client) room() int { return c.pace.size - c.envelope }

// smallRoom is what they may take of one that gets through everywhere.
func (c *Client) smallRoom() int { return min(c.pace.size, MinDatagram) - c.envelope }

// portions gives ask the first of all, as many as have room in one message, and
// the size of that; then the next ones. Where a message is too large, for the path
// or the meter, smaller ones follow.
func portions[T any](c *Client, room func() int, all []T, size func(T) int, ask func(some []T, octets int) error) error {
	most := len(all)
	for len(all) > 0 {
		n, octets := fitting(all[:min(most, len(all))], room(), size)
		err := ask(all[:n], octets+c.envelope)
		if n > 1 && (isTooLarge(err) || IsStatus(err, TooBig)) {
			most = n / 2
			continue
		}
		if err != nil {
			return err
		}
		all = all[n:]
	}
	return nil
}

// early is how often something is sent of which less may get through.
func (c *Client) early(octets int) int {
	if octets > SafeDatagram {
		return min(2, c.tries)
	}
	return min(3, c.tries)
}

// sized makes one request, by ask, of which the message or the answer has up to so many
// octets. less says that the caller can ask for less: then silence is a
// tooLargeError if the meter answers to something small.
func (c *Client) sized(ctx context.Context, octets int, less bool, ask func() error) error {
	resent := c.link.resent
	err := ask()
	switch {
	case err == nil && c.link.resent > resent:
		c.pace.resent()
	case err == nil:
		c.pace.answered(c.link.got)
	case less && errors.Is(err, syscall.EMSGSIZE): // not even this host sends it
		c.pace.lost(octets)
		return tooLargeError{err}
	case less && IsSilence(err):
		if silent := c.alive(ctx); silent != nil {
			return silent
		}
		if octets > MinDatagram {
			c.pace.lost(octets)
		}
		return tooLargeError{err}
	}
	return err
}

// sizedSome is sized for variables that can be divided among messages.
func (c *Client) sizedSome(ctx context.Context, names []Name, octets int, ask func([]string) (*gosnmp.SnmpPacket, error)) ([]gosnmp.SnmpPDU, error) {
	tries, less := c.tries, false
	if len(names) > 1 && octets > MinDatagram {
		tries, less = c.early(octets), true
	}
	var vars []gosnmp.SnmpPDU
	err := c.sized(ctx, octets, less, func() (err error) {
		vars, err = c.do(ctx, tries, names, ask)
		return err
	})
	return vars, err
}

// alive asks the meter for something small. Any answer will do.
func (c *Client) alive(ctx context.Context) error {
	_, err := c.do(ctx, c.tries, []Name{Inst(mib.ObjSysUpTime)}, func(oids []string) (*gosnmp.SnmpPacket, error) { return c.snmp.Get(oids) })
	var status *StatusError
	if errors.As(err, &status) {
		return nil
	}
	return err
}
