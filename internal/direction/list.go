package direction

import (
	"bufio"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"strings"

	"github.com/gaissmai/bart"
)

const (
	// maxEntries is how many entries a list may have.
	maxEntries = 1 << 20
	// maxLine is the longest line in octets.
	maxLine = 4096
)

// lines calls take for what each line of a list holds. A list is text: an entry a
// line, comments from # on. Its errors begin with the line's number.
func lines(r io.Reader, take func(entry string) error) error {
	s := bufio.NewScanner(r)
	s.Buffer(make([]byte, maxLine), maxLine)
	line, entries := 0, 0
	for s.Scan() {
		line++
		text, _, _ := strings.Cut(s.Text(), "#")
		if text = strings.TrimSpace(text); text == "" {
			continue
		}
		if entries++; entries > maxEntries {
			return fmt.Errorf("%d: a list has at most %d entries", line, maxEntries)
		}
		if err := take(text); err != nil {
			return fmt.Errorf("%d: %q: %w", line, text, err)
		}
	}
	switch err := s.Err(); {
	case errors.Is(err, bufio.ErrTooLong):
		return fmt.Errorf("%d: the line is longer than %d octets", line+1, maxLine)
	case err != nil:
		return fmt.Errorf("%d: %w", line+1, err)
	case entries == 0:
		return fmt.Errorf("%d: the list is empty", line)
	}
	return nil
}

var (
	errNet = errors.New("it is a network or an address, as 192.0.2.0/24 or 2001:db8::1")
	errMAC = errors.New("it is a MAC address, as 02:00:00:00:00:01")
)

func readNets(r io.Reader) (*bart.Lite, error) {
	nets := new(bart.Lite)
	return nets, lines(r, func(entry string) error {
		net, err := netip.ParsePrefix(entry)
		if err != nil {
			addr, err := netip.ParseAddr(entry)
			if err != nil || addr.Zone() != "" {
				return errNet
			}
			net = netip.PrefixFrom(addr, addr.BitLen())
		}
		if net != net.Masked() {
			return fmt.Errorf("it has bits behind the first %d; is %v meant?", net.Bits(), net.Masked())
		}
		nets.Insert(net)
		return nil
	})
}

func readMACs(r io.Reader) (map[[6]byte]struct{}, error) {
	macs := make(map[[6]byte]struct{})
	return macs, lines(r, func(entry string) error {
		octets, err := hex.DecodeString(strings.NewReplacer(":", "", "-", "", ".", "").Replace(entry))
		if err != nil || len(octets) != 6 {
			return errMAC
		}
		macs[[6]byte(octets)] = struct{}{}
		return nil
	})
}
