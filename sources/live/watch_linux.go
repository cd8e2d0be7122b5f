package live

import (
	"time"

	"golang.org/x/sys/unix"
)

const (
	// againAfter is when what could not be done is tried again.
	againAfter = time.Second
	// askEvery is how often interfaces are looked at where the kernel does not say
	// when they change.
	askEvery = 250 * time.Millisecond
)

// watch is told by the kernel when interfaces change. What has changed is not read
// from its messages, of which some may be lost, but looked up.
type watch struct {
	fd   int       // a netlink socket; -1: none, so interfaces are looked at now and then
	next time.Time // to be looked at again then; zero: not
	buf  [8 << 10]byte
}

func (w *watch) start() {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, unix.NETLINK_ROUTE)
	if err == nil {
		if err = unix.Bind(fd, &unix.SockaddrNetlink{Family: unix.AF_NETLINK, Groups: unix.RTMGRP_LINK}); err == nil {
			w.fd = fd
			return
		}
		unix.Close(fd)
	}
	w.next = time.Now().Add(askEvery)
}

// changed reads away what the kernel has to say and reports whether it is anything.
func (w *watch) changed(events int16) bool {
	if events == 0 || w.fd < 0 {
		return false
	}
	for {
		// ENOBUFS says that messages were lost, and that there are others.
		if _, _, err := unix.Recvfrom(w.fd, w.buf[:], 0); err != nil && err != unix.ENOBUFS && err != unix.EINTR {
			return true
		}
	}
}

// again has interfaces looked at once more, later.
func (w *watch) again() { w.next = time.Now().Add(againAfter) }

// due reports whether it is time to look at interfaces.
func (w *watch) due() bool {
	if w.next.IsZero() || time.Now().Before(w.next) {
		return false
	}
	w.next = time.Time{}
	if w.fd < 0 {
		w.next = time.Now().Add(askEvery)
	}
	return true
}

func (w *watch) close() {
	if w.fd >= 0 {
		unix.Close(w.fd)
	}
}
