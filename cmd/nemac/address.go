package main

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// splitMeter cuts METER into host and port: host, host:port, an IPv6 address with or
// without brackets and zone, [address]:port. Without a port, that is empty.
func splitMeter(meter string) (host, port string, err error) {
	wrong := func(format string, args ...any) (string, string, error) {
		return "", "", fmt.Errorf("METER %q: "+format, append([]any{meter}, args...)...)
	}
	if _, err := netip.ParseAddr(meter); err == nil {
		return meter, "", nil
	}
	host, rest, colon := strings.Cut(meter, ":")
	switch {
	case strings.HasPrefix(meter, "["):
		end := strings.IndexByte(meter, ']')
		if end < 0 {
			return wrong("no closing ]")
		}
		host, rest, colon = meter[1:end], strings.TrimPrefix(meter[end+1:], ":"), strings.HasPrefix(meter[end+1:], ":")
		if a, err := netip.ParseAddr(host); err != nil || !a.Is6() {
			return wrong("%q is no IPv6 address, and only such stand in brackets", host)
		}
		if !colon && rest != "" {
			return wrong("%q behind the bracket; a port is written [ADDRESS]:PORT", rest)
		}
	case strings.Contains(rest, ":"):
		return wrong("it has several colons but is no IPv6 address; with a port one is written [ADDRESS]:PORT")
	default:
		if why := notHost(host); why != "" {
			return wrong("%s", why)
		}
	}
	if !colon {
		return host, "", nil
	}
	if n, err := strconv.ParseUint(rest, 10, 16); err != nil || n == 0 {
		return wrong("port %q is no number from 1 to 65535", rest)
	}
	return host, rest, nil
}

// notHost says why something is no host name and no IPv4 address; "" if it may be one.
func notHost(host string) string {
	if host == "" {
		return "no host"
	}
	if i := strings.IndexFunc(host, func(r rune) bool { return r <= ' ' || strings.ContainsRune("/\\@?#%[]\x7f", r) }); i >= 0 {
		return fmt.Sprintf("%q is in no host name; METER is a name or an address, with or without a port", host[i:i+1])
	}
	last := host[strings.LastIndexByte(host, '.')+1:]
	if _, err := strconv.Atoi(last); err != nil {
		return ""
	}
	if _, err := netip.ParseAddr(host); err != nil {
		return fmt.Sprintf("%q is no IPv4 address", host)
	}
	return ""
}
