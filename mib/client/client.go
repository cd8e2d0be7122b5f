// Package client is the manager's and reader's side of SNMP: one session with an
// agent, which gets, sets and walks variables with messages as large as the path
// bears.
//
// It speaks SNMP by gosnmp, whose retries it replaces by its own: a request
// is sent again octet for octet, so that a meter which remembers its answers
// does nothing twice. GetBulk, which collects flows by the million, has messages of
// its own, and leaves to gosnmp what is not plain in them. It knows no rows, no rules and no flows, and starts no
// goroutine. mib/remotemeter and reader/snmpflows call it.
package client

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/gosnmp/gosnmp"

	"netramet/mib"
)

// Limits and defaults of a Client.
const (
	DefaultPort    = 161
	DefaultTimeout = time.Second
	DefaultRetries = 5

	// MaxDatagram is the largest message over UDP and IPv4, in octets.
	MaxDatagram = mib.MaxMessage
	// SafeDatagram is what fits into one packet nearly everywhere.
	SafeDatagram = 1400

	maxCommunity = 127 // gosnmp encodes longer ones wrongly
	maxVarBinds  = 1 << 16
)

// Options say how to reach a meter. The zero value of a field is its default.
type Options struct {
	Host     string // name or address
	Port     uint16
	Security Security

	Timeout time.Duration // for one try
	Retries int           // further tries; negative is none, 0 the default
	// Datagram is the largest message to ask for, in octets; 0 chooses by
	// what the path bears.
	Datagram int

	// Lookup finds the addresses of a name; nil asks the system.
	Lookup func(ctx context.Context, network, host string) ([]netip.Addr, error)
	// Conn is used in place of a socket, by simulations: each Write is one
	// message to the meter, each Read gives one from it, or a timeout.
	Conn net.Conn
}

// Client talks to one meter. It is for one goroutine at a time.
type Client struct {
	snmp     *gosnmp.GoSNMP
	own      *own     // messages of our own; nil where there are none
	ahead    *inquiry // sent, and its answer not taken yet; nil if none is
	link     *link
	addr     string // for messages
	size     int    // Options.Datagram
	mine     bool   // the socket is ours, not Options.Conn
	pace     pace   // size of messages
	reps     repeats
	envelope int // octets of a message beside its variables, or a little more

	tries int

	host   string
	port   uint16
	lookup func(ctx context.Context, network, host string) ([]netip.Addr, error)
	others []netip.AddrPort // addresses of the name that were not tried yet
}

// Dial makes a client ready. With SNMPv1 and v2c nothing is sent yet, so it
// does not know whether there is a meter.
func Dial(ctx context.Context, o Options) (*Client, error) {
	if o.Port == 0 {
		o.Port = DefaultPort
	}
	if o.Timeout <= 0 {
		o.Timeout = DefaultTimeout
	}
	if o.Retries == 0 {
		o.Retries = DefaultRetries
	}
	if o.Datagram != 0 && (o.Datagram < MinDatagram || o.Datagram > MaxDatagram) {
		return nil, fmt.Errorf("datagrams of %d octets are not in %d..%d", o.Datagram, MinDatagram, MaxDatagram)
	}
	c := &Client{
		addr: net.JoinHostPort(o.Host, strconv.Itoa(int(o.Port))), size: o.Datagram,
		host: o.Host, port: o.Port, lookup: o.Lookup,
		tries: max(o.Retries, 0) + 1, envelope: o.Security.envelope(),
	}
	if c.lookup == nil {
		c.lookup = net.DefaultResolver.LookupNetIP
	}
	// gosnmp gets its buffer from Connect alone, which opens a socket but sends
	// nothing. Ours takes its place.
	x := &gosnmp.GoSNMP{
		Target: "127.0.0.1", Port: 9, Transport: "udp", Context: ctx,
		// One round of link's tries must end before gosnmp looks at its clock.
		Timeout: o.Timeout*time.Duration(c.tries) + time.Minute,
		MaxOids: maxVarBinds,
	}
	if err := o.Security.apply(x); err != nil {
		return nil, err
	}
	conn := o.Conn
	if c.mine = conn == nil; c.mine {
		all, err := c.addresses(ctx)
		if err != nil {
			return nil, err
		}
		at := 0
		if conn, at, err = c.open(ctx, all); err != nil {
			return nil, err
		}
		c.others = all[at+1:]
	}
	if err := x.Connect(); err != nil {
		if c.mine {
			_ = conn.Close() // nothing was sent on it
		}
		return nil, notConnected(c.addr, err)
	}
	_ = x.Conn.Close() // nor on this one
	c.link = &link{timeout: o.Timeout}
	var keys *keyring
	if o.Security.Version == V3 {
		keys = newKeyring(o.Security)
		a := answers{keys}
		c.link.change = func(msg []byte) []byte { return a.limit(msg, max(c.pace.size, MinDatagram)) }
	}
	c.use(conn)
	x.Conn = c.link
	c.snmp, c.own = x, newOwn(o.Security, keys)
	return c, nil
}

// use makes conn the way to the meter.
func (c *Client) use(conn net.Conn) {
	c.link.conn, c.ahead = conn, nil
	start := SafeDatagram
	if isLoopback(conn.RemoteAddr()) {
		start = MaxDatagram
	}
	c.pace = newPace(start, c.size)
	c.reps = repeats{}
	if u, ok := conn.(*net.UDPConn); ok {
		// A large answer comes as a burst of fragments. Failure costs speed only.
		_ = u.SetReadBuffer(1 << 20)
	}
}

// Strict reports whether answers are kept below Options.Datagram by what is asked
// alone. In SNMPv3 each message says how large its answer may be.
func (c *Client) Strict() bool { return c.size > 0 && c.snmp.Version != gosnmp.Version3 }

// Close closes the socket.
func (c *Client) Close() error { return c.link.conn.Close() }

// Addr returns the meter's host and port, for messages.
func (c *Client) Addr() string { return c.addr }

// Remote returns the address that is asked, and its port, for messages.
func (c *Client) Remote() string { return c.link.conn.RemoteAddr().String() }

// Envelope returns what a message has beside its variables, in octets, or a little
// more.
func (c *Client) Envelope() int { return c.envelope }

// Room returns what variables may take of the largest message that may ever be.
func (c *Client) Room() int { return c.pace.max - c.envelope }

// HasBulk reports whether the SNMP version has GetBulk and Counter64.
func (c *Client) HasBulk() bool { return c.snmp.Version != gosnmp.Version1 }

// Resent returns how many messages have been sent again so far.
func (c *Client) Resent() int { return c.link.resent }

func isLoopback(a net.Addr) bool {
	u, ok := a.(*net.UDPAddr)
	return ok && u.IP.IsLoopback()
}

// plain takes a stack trace off an error text: gosnmp turns its panics into
// errors with one.
func plain(err error) error {
	if text := err.Error(); strings.HasPrefix(text, "recover:") {
		head, _, _ := strings.Cut(text, " Stack:")
		return &NonsenseError{Text: head}
	}
	return err
}
