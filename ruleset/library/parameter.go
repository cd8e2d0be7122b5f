package library

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// MaxNetworks is how many networks a parameter may name. For more there is
// @customers with a table of prefixes.
const MaxNetworks = 1024

// private are the networks that nobody announces (RFC 1918, 3927, 4193, 4291,
// 6598): where a parameter names none, they are what lies inside.
var private = []string{
	"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16", "fc00::/7", "fe80::/10",
}

// fillNetworks writes networks into the text in place of "private": a test of
// the address end, in each family by itself. What it writes is made of the
// networks, never of the letters of value.
func fillNetworks(text, value string) (string, error) {
	list := private
	if value != "" {
		list = strings.Split(value, ",")
	}
	if len(list) > MaxNetworks {
		return "", fmt.Errorf("%d networks: there may be %d; @customers takes more, from the table of --prefixes", len(list), MaxNetworks)
	}
	var networks []netip.Prefix
	for i, item := range list {
		p, err := parseNetwork(strings.TrimSpace(item))
		if err == nil && slices.Contains(networks, p) {
			err = fmt.Errorf("%v is named twice", p)
		}
		if err != nil {
			return "", fmt.Errorf("network %d: %w", i+1, err)
		}
		networks = append(networks, p)
	}
	// The first that fits wins: narrow ones come first.
	slices.SortStableFunc(networks, func(a, b netip.Prefix) int { return cmp.Compare(b.Bits(), a.Bits()) })
	return strings.Replace(text, " private;", testOf(networks)+";", 1), nil
}

const networkExample = "write networks as 10.0.0.0/8,2001:db8::/32"

func parseNetwork(text string) (netip.Prefix, error) {
	if a, err := netip.ParseAddr(text); err == nil && a.Zone() == "" {
		text = netip.PrefixFrom(a, a.BitLen()).String()
	}
	p, err := netip.ParsePrefix(text)
	switch {
	case text == "":
		return p, fmt.Errorf("there is nothing between two commas, or at an end; %s", networkExample)
	case err != nil:
		return p, fmt.Errorf("%.60q is none; %s", text, networkExample)
	case p != p.Masked():
		return p, fmt.Errorf("%s has bits beyond its length; the network is %v", text, p.Masked())
	case p.Bits() == 0:
		return p, fmt.Errorf("%s holds every address: nothing would be outside", text)
	case p.Addr().Is4In6():
		return p, fmt.Errorf("%s is IPv4 within IPv6; write it as IPv4", text)
	}
	return p, nil
}

// testOf is an SRL condition that holds where the attribute end lies in one of
// the networks.
func testOf(networks []netip.Prefix) string {
	var tests []string
	for _, family := range []struct {
		name string
		bits int
	}{{"IPv4", 32}, {"IPv6", 128}} {
		var list []string
		for _, p := range networks {
			if p.Addr().BitLen() == family.bits {
				list = append(list, p.String())
			}
		}
		if len(list) > 0 {
			tests = append(tests, "SourcePeerType == "+family.name+" && end == ("+wrapped(list)+")")
		}
	}
	return "\n   (" + strings.Join(tests, "\n    || ") + ")"
}

// wrapped is a list of values in lines of moderate length.
func wrapped(list []string) string {
	const width, indent = 88, "\n        "
	var b strings.Builder
	column := 40 // behind the test
	for i, item := range list {
		if i > 0 {
			b.WriteString(", ")
		}
		if column+len(item) > width {
			b.WriteString(indent)
			column = len(indent)
		}
		b.WriteString(item)
		column += len(item) + 2
	}
	return b.String()
}

// fillWidths writes widths of IPv4 and IPv6 networks into the text; what is not
// given stays as it is.
func fillWidths(text, value string) (string, error) {
	if value == "" {
		return text, nil
	}
	const example = "write them as @networks=/16,/32"
	list := strings.Split(value, ",")
	if len(list) > 2 {
		return "", fmt.Errorf("%d widths: there are two, that of IPv4 and that of IPv6; %s", len(list), example)
	}
	for i, item := range list {
		family, name, most, usual := "IPv4", "width4", 32, 24
		if i == 1 {
			family, name, most, usual = "IPv6", "width6", 128, 48
		}
		item = strings.TrimSpace(item)
		n, err := strconv.ParseUint(strings.TrimPrefix(item, "/"), 10, 16)
		if err != nil || n < 1 || int(n) > most {
			return "", fmt.Errorf("width %d: %.60q is no width of an %s network: they go from /1 to /%d; %s", i+1, item, family, most, example)
		}
		text = strings.Replace(text, fmt.Sprintf("define %s = %d;", name, usual), fmt.Sprintf("define %s = %d;", name, n), 1)
		text = strings.Replace(text, fmt.Sprintf("%s /%d", family, usual), fmt.Sprintf("%s /%d", family, n), 1)
	}
	return text, nil
}
