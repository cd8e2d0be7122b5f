package origin

import (
	"errors"
	"fmt"
	"hash/fnv"
	"math"
	"strings"
	"unicode/utf8"

	"netramet/internal/plaintext"
	"netramet/mib"
)

// Limits of names.
const (
	MaxName  = 127      // octets of one
	maxNames = 64 << 20 // octets of all
)

// Names are what the systems of a table are called, or the customers. The zero
// Names has none, and nil is one too. Once it is filled any number of goroutines may
// use it.
type Names struct {
	text  strings.Builder
	of    map[uint32]place
	named map[uint32]given // by FromName of a name: what it was given to first; nil once the table is read
}

// place is where a name lies in the text, and the line that gave it.
type place struct {
	at, line uint32
	length   uint8
}

type given struct {
	number, line uint32
}

// Of returns the name of a number, "" if it has none.
func (n *Names) Of(number uint32) string {
	if n == nil {
		return ""
	}
	p := n.of[number]
	return n.text.String()[p.at : p.at+uint32(p.length)]
}

// Has reports whether an attribute has such numbers: SourceASN and DestASN. It
// implements reader.Namer, as Name does.
func (n *Names) Has(a mib.Attr) bool { return a == mib.AttrSourceASN || a == mib.AttrDestASN }

// Name returns what a number of an attribute is called, "" if it has no name.
func (n *Names) Name(a mib.Attr, number uint64) string {
	if !n.Has(a) || number > math.MaxUint32 {
		return ""
	}
	return n.Of(uint32(number))
}

// Len returns how many numbers have a name.
func (n *Names) Len() int {
	if n == nil {
		return 0
	}
	return len(n.of)
}

// FromName is the number of a name for which a table says none: the same one
// wherever and whenever it is asked. It lies between 1,000,000,000 and 3,999,999,999,
// where no autonomous system has its number.
func FromName(name string) uint32 {
	const first, count = 1_000_000_000, 3_000_000_000
	h := fnv.New64a()
	h.Write([]byte(name)) // never fails
	return first + uint32(h.Sum64()%count)
}

// add gives a number its name, by a line of the table. It refuses what would leave
// it open who is meant.
func (n *Names) add(number uint32, name string, line int) error {
	if number == 0 {
		return fmt.Errorf("%q: number 0 is of all that are in no prefix; give another one, or - for one that comes from the name", name)
	}
	derived := FromName(name)
	if p, ok := n.of[number]; ok {
		switch was := n.Of(number); {
		case was == name:
			return nil
		case number == derived || number == FromName(was):
			return fmt.Errorf("%q and %q of line %d both have number %d: give one of them a number of its own in place of -", name, was, p.line, number)
		default:
			return fmt.Errorf("number %d is %q here and %q in line %d", number, name, was, p.line)
		}
	}
	if g, ok := n.named[derived]; ok && g.number != number && n.Of(g.number) == name && (number == derived || g.number == derived) {
		return fmt.Errorf("%q has a number of its own in one of the lines %d and %d, and - in the other", name, g.line, line)
	}
	if n.text.Len()+len(name) > maxNames {
		return fmt.Errorf("the names have more than %d octets", maxNames)
	}
	if n.of == nil {
		n.of, n.named = map[uint32]place{}, map[uint32]given{}
	}
	n.of[number] = place{uint32(n.text.Len()), uint32(line), uint8(len(name))}
	n.text.WriteString(name)
	if _, ok := n.named[derived]; !ok {
		n.named[derived] = given{number, uint32(line)}
	}
	return nil
}

// parseName reads what stands behind a number: as it is, or between quotation marks,
// where it may hold # and ; and be a number itself.
func parseName(text string) (string, error) {
	name, quoted := strings.CutPrefix(text, `"`)
	if quoted {
		var closed bool
		if name, closed = strings.CutSuffix(name, `"`); !closed || strings.Contains(name, `"`) {
			return "", fmt.Errorf("%.60q: a name that begins with a quotation mark ends with one, and has none in it", text)
		}
	}
	switch _, err := parseASN(name); {
	case name == "":
		return "", errors.New(`"" is no name`)
	case len(name) > MaxName:
		return "", fmt.Errorf("%.60q...: a name has at most %d octets", name, MaxName)
	case !utf8.ValidString(name):
		return "", fmt.Errorf("%.60q: the name is not UTF-8", name)
	case plaintext.Clean(name) != name:
		return "", fmt.Errorf("%.60q: the name has a control character in it", name)
	case err == nil && !quoted:
		return "", fmt.Errorf("%q: a name that is a number stands between quotation marks; several systems are written {1,2} or 1_2", name)
	}
	return name, nil
}
