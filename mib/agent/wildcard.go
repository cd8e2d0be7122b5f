package agent

import (
	"errors"
	"net"

	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"
)

// A socket that is bound to no address takes what comes to any of the host's.
// Managers ignore an answer from another address than the one they asked, and
// firewalls drop it, so the system is asked for the address of each request and
// told it with the answer (IP_PKTINFO; IPV6_RECVPKTINFO, RFC 3542 §6).

// oobSize is enough for what the system says of a datagram.
const oobSize = 128

// wildcardConn is a UDP socket that is bound to no address.
type wildcardConn struct {
	*net.UDPConn
	v6 bool
}

// errNoSource is why a socket cannot be a wildcardConn.
var errNoSource = errors.New("this system does not let a program choose the address it answers from")

// isWildcard reports whether a socket is bound to no address.
func isWildcard(c *net.UDPConn) bool {
	at, ok := c.LocalAddr().(*net.UDPAddr)
	return ok && at.IP.IsUnspecified()
}

// newWildcard makes a wildcardConn, where the system can.
func newWildcard(c *net.UDPConn) (wildcardConn, error) {
	w := wildcardConn{c, c.LocalAddr().(*net.UDPAddr).IP.To4() == nil}
	some, err := net.IPv4(127, 0, 0, 1), error(nil)
	if w.v6 {
		some = net.IPv6loopback
		err = ipv6.NewPacketConn(c).SetControlMessage(ipv6.FlagDst|ipv6.FlagInterface, true)
	} else {
		err = ipv4.NewPacketConn(c).SetControlMessage(ipv4.FlagDst|ipv4.FlagInterface, true)
	}
	if err != nil {
		return w, err
	}
	if w.source(some, 0) == nil {
		return w, errNoSource
	}
	return w, nil
}

func (c wildcardConn) read(b []byte, p *sender) (n int, err error) {
	var oob [oobSize]byte
	n, m, _, from, err := c.ReadMsgUDPAddrPort(b, oob[:])
	p.from, p.oob = from, nil
	if err != nil {
		return n, err
	}
	if c.v6 {
		var cm ipv6.ControlMessage
		if cm.Parse(oob[:m]) == nil && cm.Dst != nil {
			p.oob = c.source(cm.Dst, cm.IfIndex)
		}
	} else {
		var cm ipv4.ControlMessage
		if cm.Parse(oob[:m]) == nil && cm.Dst != nil {
			p.oob = c.source(cm.Dst, 0)
		}
	}
	return n, nil
}

// source makes what tells the system the address to answer from. Link-local
// ones mean something on one interface only.
func (c wildcardConn) source(addr net.IP, ifIndex int) []byte {
	if !c.v6 {
		return (&ipv4.ControlMessage{Src: addr}).Marshal()
	}
	if !addr.IsLinkLocalUnicast() {
		ifIndex = 0
	}
	return (&ipv6.ControlMessage{Src: addr, IfIndex: ifIndex}).Marshal()
}

func (c wildcardConn) write(b []byte, p *sender) error {
	_, _, err := c.WriteMsgUDPAddrPort(b, p.oob, p.from)
	if err != nil && p.oob != nil {
		// Nobody can answer from an address that all hosts have: a broadcast.
		_, err = c.WriteToUDPAddrPort(b, p.from)
	}
	return err
}
