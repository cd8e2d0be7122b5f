package agent

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"strconv"
	"strings"
	"unicode/utf8"

	"netramet/mib"
	"netramet/mib/ber"
	"netramet/mib/usm"
)

// Limits of a users file.
const (
	maxUsersFile   = 1 << 20 // octets
	maxUsersLine   = 8192    // octets
	maxUsersErrors = 10      // told at once
)

// UsersError is a fault in a users file. Its text never repeats what stands
// in the file, except a user's name and known words: anything else might be a
// piece of a passphrase.
type UsersError struct {
	File string
	Line int // from 1
	Text string
}

// Error returns FILE:LINE: TEXT.
func (e *UsersError) Error() string { return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Text) }

// ParseUsers reads a users file; name is used in errors. One line is one
// principal; # begins a comment, and a word may stand in double quotes, where
// \" and \\ are a quote and a backslash:
//
//	user NAME [auth PROTOCOL PASS [priv PROTOCOL PASS]] read|write [OPTION...]
//	community NAME read|write [from ADDRESS[/BITS],...] [OPTION...]
//
// PROTOCOL is MD5, SHA-1, SHA-224, SHA-256, SHA-384, SHA-512 and DES,
// AES-128, AES-192, AES-256; PASS has at least 8 octets. The options, which
// with from may come in any order:
//
//	view SUBTREE,...  what can be seen and set: OIDs or names such as flowMIB
//	                  (see lookupSubtree); with - in front what can not; default all
//	owner TEXT        rows may be written only if their Owner begins so
//	owner-only        and read only then, too
//
// All faults, up to ten, are joined in the error; each is a *UsersError.
func ParseUsers(r io.Reader, name string) (*Access, error) {
	text, err := io.ReadAll(io.LimitReader(r, maxUsersFile+1))
	if err != nil {
		return nil, fmt.Errorf("users file %s: %w", name, err)
	}
	if len(text) > maxUsersFile {
		return nil, fmt.Errorf("users file %s is larger than %d octets", name, maxUsersFile)
	}
	text = bytes.TrimPrefix(text, []byte("\ufeff")) // which some editors put in front
	a := new(Access)
	var errs []error
	sc := bufio.NewScanner(bytes.NewReader(text))
	sc.Buffer(nil, maxUsersLine)
	line := 0
	for sc.Scan() && len(errs) < maxUsersErrors {
		line++
		if err := parseUsersLine(a, sc.Text(), line); err != nil {
			errs = append(errs, &UsersError{name, line, err.Error()})
		}
	}
	if sc.Err() != nil {
		errs = append(errs, &UsersError{name, line + 1, fmt.Sprintf("line longer than %d octets", maxUsersLine)})
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	return a, nil
}

// entryLine collects what one line says.
type entryLine struct {
	words []string
	user  usm.UserConfig
	from  []netip.Prefix
	who   Principal
	right string // "read" or "write", once seen
	seen  map[string]bool
}

func parseUsersLine(a *Access, text string, line int) error {
	words, err := splitWords(text)
	if err != nil || len(words) == 0 {
		return err
	}
	l := &entryLine{words: words, seen: make(map[string]bool)}
	kind := l.next()
	name := l.next()
	switch {
	case kind != "user" && kind != "community":
		return errors.New("a line begins with user or community")
	case name == "":
		return fmt.Errorf("%s needs a name", kind)
	}
	for len(l.words) > 0 {
		if err := l.option(kind); err != nil {
			return err
		}
	}
	if l.right == "" {
		return errors.New("read or write is missing")
	}
	l.who.Write = l.right == "write"
	if l.who.OwnerOnly && l.who.Owner == "" {
		return errors.New("owner-only needs an owner")
	}
	if kind == "community" {
		l.who.Name = "community of line " + strconv.Itoa(line)
		return a.AddCommunity(usm.NewSecret(name), l.from, l.who)
	}
	l.user.Name = name
	return a.AddUser(l.user, l.who)
}

// next takes a word off the line, "" at its end.
func (l *entryLine) next() string {
	if len(l.words) == 0 {
		return ""
	}
	w := l.words[0]
	l.words = l.words[1:]
	return w
}

// option reads one option with its operands.
func (l *entryLine) option(kind string) (err error) {
	word := l.next()
	if l.seen[word] {
		return fmt.Errorf("%s stands twice", word) // seen holds known words only
	}
	switch {
	case word == "read" || word == "write":
		if l.right != "" {
			return errors.New("read or write stands once")
		}
		l.right = word
	case word == "auth" && kind == "user":
		var ok bool
		if l.user.Auth, ok = usm.LookupAuth(l.next()); !ok {
			return errors.New("after auth comes MD5, SHA-1, SHA-224, SHA-256, SHA-384 or SHA-512")
		}
		l.user.AuthPass = usm.NewSecret(l.next())
	case word == "priv" && kind == "user":
		var ok bool
		if l.user.Priv, ok = usm.LookupPriv(l.next()); !ok {
			return errors.New("after priv comes DES, AES-128, AES-192 or AES-256")
		}
		l.user.PrivPass = usm.NewSecret(l.next())
	case word == "from" && kind == "community":
		l.from, err = parseFrom(l.next())
	case word == "view":
		l.who.View, err = parseView(l.next())
	case word == "owner":
		switch l.who.Owner = l.next(); {
		case l.who.Owner == "":
			err = errors.New("owner needs a text")
		case len(l.who.Owner) > mib.MaxOwner || !utf8.ValidString(l.who.Owner):
			err = fmt.Errorf("no row can have that owner: at most %d octets of UTF-8", mib.MaxOwner)
		}
	case word == "owner-only":
		l.who.OwnerOnly = true
	case kind == "user":
		return errors.New("expected auth, priv, read, write, view, owner or owner-only " +
			"(a passphrase with blanks needs quotes)")
	default:
		return errors.New("expected read, write, from, view, owner or owner-only")
	}
	l.seen[word] = true
	return err
}

func parseFrom(list string) ([]netip.Prefix, error) {
	bad := errors.New("after from come addresses or address/bits, with commas between")
	parts := strings.Split(list, ",")
	if len(parts) > maxFrom {
		return nil, fmt.Errorf("more than %d addresses after from", maxFrom)
	}
	var from []netip.Prefix
	for _, s := range parts {
		p, err := netip.ParsePrefix(s)
		if err != nil {
			addr, err := netip.ParseAddr(s)
			if err != nil || addr.Zone() != "" {
				return nil, bad
			}
			addr = addr.Unmap()
			p = netip.PrefixFrom(addr, addr.BitLen())
		}
		if p.Addr().Is4In6() {
			return nil, bad
		}
		from = append(from, p.Masked())
	}
	return from, nil
}

func parseView(list string) (*View, error) {
	if list == "" {
		return nil, errors.New("view needs subtrees, with commas between")
	}
	parts := strings.Split(list, ",")
	if len(parts) > maxView {
		return nil, fmt.Errorf("a view has at most %d subtrees", maxView)
	}
	var subtrees []Subtree
	for _, s := range parts {
		rest, exclude := strings.CutPrefix(s, "-")
		oid, ok := lookupSubtree(rest)
		if !ok {
			return nil, errors.New("a view is made of OIDs such as 1.3.6.1.2.1.40 and names of subtrees such as flowMIB")
		}
		subtrees = append(subtrees, Subtree{OID: oid, Exclude: exclude})
	}
	return NewView(subtrees)
}

// parseOID reads 1.3.6.1 or .1.3.6.1.
func parseOID(s string) ([]uint32, bool) {
	parts := strings.Split(strings.TrimPrefix(s, "."), ".")
	if len(parts) > ber.MaxOID {
		return nil, false
	}
	oid := make([]uint32, len(parts))
	for i, p := range parts {
		n, err := strconv.ParseUint(p, 10, 32)
		if err != nil {
			return nil, false
		}
		oid[i] = uint32(n)
	}
	return oid, true
}

// splitWords cuts a line into words and drops the comment.
func splitWords(line string) ([]string, error) {
	var words []string
	for i := 0; i < len(line); {
		switch c := line[i]; {
		case c == ' ' || c == '\t' || c == '\r':
			i++
		case c == '#':
			return words, nil
		case c == '"':
			w, n, ok := quoted(line[i+1:])
			if !ok {
				return nil, errors.New("a quoted word does not end, or something follows its end without a blank")
			}
			words = append(words, w)
			i += 1 + n
		default:
			n := strings.IndexAny(line[i:], " \t\r")
			if n < 0 {
				n = len(line) - i
			}
			words = append(words, line[i:i+n])
			i += n
		}
	}
	return words, nil
}

// quoted reads up to the closing quote and returns the word and how many
// octets it took, quote included.
func quoted(s string) (word string, n int, ok bool) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '"':
			n = i + 1
			return b.String(), n, n == len(s) || strings.IndexByte(" \t\r", s[n]) >= 0
		case s[i] == '\\' && i+1 < len(s) && (s[i+1] == '"' || s[i+1] == '\\'):
			i++
		}
		b.WriteByte(s[i])
	}
	return "", 0, false
}
