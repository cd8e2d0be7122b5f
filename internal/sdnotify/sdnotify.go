// Package sdnotify tells systemd how a service is: that it is ready, that it lives,
// that it ends (sd_notify(3)). Without a service manager all of it does nothing.
//
// It owns the socket to the service manager and never waits for it. The commands
// call it.
package sdnotify

import (
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"time"
)

// patience is how long a message may take; one that takes longer is dropped.
const patience = 20 * time.Millisecond

// Notifier tells a service manager. A nil one has none, and does nothing.
type Notifier struct {
	conn  net.Conn
	every time.Duration // between two signs of life, 0: nobody waits for them
	next  time.Time     // the next one; of Alive's caller
}

// Open connects to the service manager that the environment names: NOTIFY_SOCKET,
// and WATCHDOG_USEC and WATCHDOG_PID for its watchdog. It is nil where there is none,
// or with the error.
func Open() (*Notifier, error) {
	name := os.Getenv("NOTIFY_SOCKET")
	if name == "" {
		return nil, nil
	}
	if !strings.HasPrefix(name, "/") && !strings.HasPrefix(name, "@") {
		return nil, fmt.Errorf("NOTIFY_SOCKET %q: it is a path, or begins with @", name)
	}
	conn, err := net.Dial("unixgram", name) // @ is Linux's abstract name space here, too
	if err != nil {
		return nil, fmt.Errorf("NOTIFY_SOCKET: %w", err)
	}
	return &Notifier{conn: conn, every: watchdog() / 3}, nil
}

// watchdog is within what time the service manager wants a sign of life of this
// process, 0 if it wants none.
func watchdog() time.Duration {
	if pid := os.Getenv("WATCHDOG_PID"); pid != "" && pid != strconv.Itoa(os.Getpid()) {
		return 0
	}
	usec, err := strconv.ParseInt(os.Getenv("WATCHDOG_USEC"), 10, 64)
	if err != nil || usec <= 0 || usec > int64(time.Hour/time.Microsecond)*24*365 {
		return 0
	}
	return time.Duration(usec) * time.Microsecond
}

// Ready says that the service is at work, and at what.
func (n *Notifier) Ready(status string) { n.send("READY=1\n" + statusLine(status)) }

// Stopping says that the service ends.
func (n *Notifier) Stopping() { n.send("STOPPING=1\n") }

// Alive is a sign of life. It is for one goroutine, the one whose life is meant, as
// often as it likes: no more are sent than the service manager needs.
func (n *Notifier) Alive(now time.Time) {
	if n == nil || n.every == 0 || now.Before(n.next) {
		return
	}
	n.next = now.Add(n.every)
	n.send("WATCHDOG=1\n")
}

// Every is how often Alive has to be called at least, 0 if nobody waits for it.
func (n *Notifier) Every() time.Duration {
	if n == nil {
		return 0
	}
	return n.every
}

// Close ends the connection.
func (n *Notifier) Close() error {
	if n == nil {
		return nil
	}
	return n.conn.Close()
}

// statusLine keeps a text from being taken for more than one assignment.
func statusLine(text string) string {
	return "STATUS=" + strings.ReplaceAll(text, "\n", "; ") + "\n"
}

// send sends assignments. A service manager that does not listen is no fault of the
// service.
func (n *Notifier) send(text string) {
	if n == nil {
		return
	}
	_ = n.conn.SetWriteDeadline(time.Now().Add(patience))
	_, _ = n.conn.Write([]byte(text))
}
