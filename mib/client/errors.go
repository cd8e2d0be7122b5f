package client

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/gosnmp/gosnmp"

	"netramet/mib"
)

// NoAnswerError says that a meter did not answer.
type NoAnswerError struct {
	Addr    string
	Tries   int
	Timeout time.Duration // of each try
	Cause   error         // what the system said of it; nil is nothing
	V3      bool
	Odd     string // what was wrong with what came in place of an answer; empty if nothing came
}

// Unwrap is a *NonsenseError if something came that was no answer, else the
// Cause.
func (e *NoAnswerError) Unwrap() error {
	if e.Odd == "" {
		return e.Cause
	}
	return &NonsenseError{Text: e.Odd}
}

// Error names both things that silence can mean: SNMP does not tell an
// unknown community from a meter that is not there.
func (e *NoAnswerError) Error() string {
	if errors.Is(e.Cause, syscall.ECONNREFUSED) {
		return fmt.Sprintf("no meter answers at %s: the host says that nothing listens on that port", e.Addr)
	}
	if e.Cause != nil {
		return fmt.Sprintf("meter %s cannot be reached: %v", e.Addr, e.Cause)
	}
	if e.Odd != "" {
		return fmt.Sprintf("no answer from %s to %d tries of %v, but nonsense: %s", e.Addr, e.Tries, e.Timeout, e.Odd)
	}
	who := "the community"
	if e.V3 {
		who = "this user and security level"
	}
	return fmt.Sprintf("no answer from %s to %d tries of %v: either no meter runs there or the network does not reach it, or the meter does not accept %s",
		e.Addr, e.Tries, e.Timeout, who)
}

// ErrRejected says that a meter's answer to SNMPv3 is not signed as agreed,
// as it is when it does not accept who asks.
var ErrRejected = errors.New("it does not accept the user name, the authentication protocol or passphrase, or the security level")

// IsNewEngine reports whether err is what comes of a meter whose SNMPv3 engine is
// not the one we know any more, as after a new start without --state. It may also
// be that the meter does not accept who asks: a new Client tells.
func IsNewEngine(err error) bool {
	return errors.Is(err, ErrRejected) || errors.Is(err, gosnmp.ErrUnknownEngineID) || errors.Is(err, gosnmp.ErrNotInTimeWindow)
}

// errPrivacy is ErrRejected of a meter that says that it cannot decrypt.
type errPrivacy struct{}

func (errPrivacy) Error() string {
	return "it accepts the user name and the authentication passphrase, but not the privacy protocol or passphrase"
}

func (errPrivacy) Unwrap() error { return ErrRejected }

// NonsenseError says that what a meter answered is no answer.
type NonsenseError struct{ Text string }

// Error says what was wrong.
func (e *NonsenseError) Error() string { return "the meter answers nonsense: " + e.Text }

func nonsense(format string, args ...any) error {
	return &NonsenseError{Text: fmt.Sprintf(format, args...)}
}

// Nonsense is a *NonsenseError that names the meter.
func (c *Client) Nonsense(format string, args ...any) error {
	return c.wrap(nonsense(format, args...))
}

// Status is an error-status of RFC 3416 §3.
type Status uint8

// The statuses that callers tell apart.
const (
	TooBig              Status = 1
	NoSuchName          Status = 2
	GenErr              Status = 5
	NoAccess            Status = 6
	NoCreation          Status = 11
	InconsistentValue   Status = 12
	ResourceUnavailable Status = 13
	AuthorizationError  Status = 16
	NotWritable         Status = 17
	InconsistentName    Status = 18
)

// String returns the name RFC 3416 uses.
func (s Status) String() string { return fmt.Sprintf("%v", gosnmp.SNMPError(s)) }

// StatusError is an error-status that a meter answered with.
type StatusError struct {
	Status Status
	Name   string // of the variable to blame; empty if none is
}

// Error names the variable.
func (e *StatusError) Error() string {
	text := fmt.Sprintf("the meter answers %v", e.Status)
	if e.Name != "" {
		text += " for " + e.Name
	}
	switch e.Status {
	case AuthorizationError, NoAccess:
		text += ": these credentials may not do that"
	case NoSuchName:
		text += ": there is none, or these credentials may not do that"
	}
	return text
}

// IsStatus reports whether err is a *StatusError with one of the statuses.
func IsStatus(err error, statuses ...Status) bool {
	var e *StatusError
	if !errors.As(err, &e) {
		return false
	}
	for _, s := range statuses {
		if e.Status == s {
			return true
		}
	}
	return false
}

// IsNoAnswer reports whether err is that no answer came from the meter.
func IsNoAnswer(err error) bool {
	var e *NoAnswerError
	return errors.As(err, &e)
}

// IsSilence reports whether err is that the meter was silent, or not there, on
// a network that is.
func IsSilence(err error) bool {
	var e *NoAnswerError
	return errors.As(err, &e) && (e.Cause == nil || errors.Is(e.Cause, syscall.ECONNREFUSED))
}

// notConnected is the error of a socket that could not be opened to addr. That
// there is no way to the meter, or nobody to ask for its name, may pass; that
// there is no such name, or no socket to be had, is no matter of the meter.
func notConnected(addr string, err error) error {
	var dns *net.DNSError
	var call *os.SyscallError
	var system *net.OpError
	errors.As(err, &system)
	noName := errors.As(err, &dns) && dns.IsNotFound
	noSocket := errors.As(err, &call) && call.Syscall == "socket"
	var cause error = system
	if dns != nil { // which says all of it itself
		cause, err = dns, dns
	}
	if system != nil && !noName && !noSocket {
		return &NoAnswerError{Addr: addr, Cause: cause}
	}
	return fmt.Errorf("meter %s: %w", addr, plain(err))
}

// explain finds the best error for a request that failed in gosnmp.
func (c *Client) explain(err error) error {
	if le := c.link.err; le != nil {
		var na *NoAnswerError
		if errors.As(le, &na) {
			na.Addr, na.V3 = c.addr, c.snmp.Version == gosnmp.Version3
			return na
		}
		return fmt.Errorf("meter %s: %w", c.addr, le)
	}
	for _, e := range []struct {
		err  error
		text string
	}{
		{gosnmp.ErrUnknownUsername, "it does not know the user name"},
		{gosnmp.ErrWrongDigest, "it does not accept the authentication protocol or passphrase"},
		{gosnmp.ErrUnknownSecurityLevel, "it does not accept the security level for this user"},
		{gosnmp.ErrDecryption, "it does not accept the privacy protocol or passphrase"},
		{gosnmp.ErrNotInTimeWindow, "its SNMPv3 clock and ours do not come together"},
		{gosnmp.ErrUnknownEngineID, "its SNMPv3 engine has changed"},
	} {
		if errors.Is(err, e.err) {
			return fmt.Errorf("meter %s: %s: %w", c.addr, e.text, err)
		}
	}
	if c.snmp.Version == gosnmp.Version3 && strings.Contains(err.Error(), "not authentic") {
		// A meter that does not know who asks cannot sign its report, and
		// gosnmp looks no further.
		if c.link.reported == Inst(mib.ObjUsmStatsDecryptionErrors) {
			return fmt.Errorf("meter %s: %w", c.addr, errPrivacy{})
		}
		return fmt.Errorf("meter %s: %w", c.addr, ErrRejected)
	}
	err = plain(err)
	var bad *NonsenseError
	if errors.As(err, &bad) {
		return fmt.Errorf("meter %s: %w", c.addr, bad)
	}
	// What remains are answers that gosnmp could not read or verify.
	return fmt.Errorf("meter %s: %w", c.addr, nonsense("%v", err))
}
