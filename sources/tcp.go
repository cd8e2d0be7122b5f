package sources

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"time"
)

// dialTimeout is how long a server has to take a connection.
const dialTimeout = 10 * time.Second

// IsAddress reports whether the path of a URI is the address of a server that
// sends a trace, tcp://host:port.
func IsAddress(path string) bool { return strings.HasPrefix(path, "tcp://") }

// dial connects to a server that sends a trace as soon as somebody connects, as
// Wireshark and Suricata have it (pcap over IP). It ends when the server closes the
// connection.
func dial(uri string) (*stored, error) {
	address := strings.TrimSuffix(strings.TrimPrefix(uri, "tcp://"), "/")
	host, port, err := net.SplitHostPort(address)
	if err != nil || host == "" || port == "" {
		return nil, fmt.Errorf("%s: it is tcp://HOST:PORT, as tcp://127.0.0.1:19000 or tcp://[2001:db8::1]:19000", uri)
	}
	conn, err := net.DialTimeout("tcp", address, dialTimeout)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", uri, netError(err))
	}
	return &stored{name: uri, r: received{conn}, file: conn, live: true}, nil
}

// received is what a connection has received.
type received struct{ conn net.Conn }

// Read implements io.Reader.
func (r received) Read(p []byte) (int, error) {
	n, err := r.conn.Read(p)
	if err != nil && err != io.EOF {
		err = netError(err)
	}
	return n, err
}

// netError drops what the operator has just written: what was to be done, and
// the address.
func netError(err error) error {
	var dns *net.DNSError
	var call *os.SyscallError
	var timeout net.Error
	switch {
	case errors.As(err, &timeout) && timeout.Timeout():
		return fmt.Errorf("no answer within %v: %w", dialTimeout, os.ErrDeadlineExceeded)
	case errors.As(err, &dns):
		return errors.New(dns.Err)
	case errors.As(err, &call):
		return call.Err
	}
	var op *net.OpError
	if errors.As(err, &op) {
		return op.Err
	}
	return err
}
