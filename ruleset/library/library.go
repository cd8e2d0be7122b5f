// Package library has the rule sets that come with the programs: the questions
// that are asked first, each an SRL program with comments for those who want to
// change it.
//
// It owns their text, their names (@hosts) and their parameters
// (@networks=/16,/32), which it checks and writes into the text. It compiles
// nothing and opens no file; internal/rulefile asks it for the text of whatever
// is named with an @, and the commands list what there is.
package library

import (
	"embed"
	"fmt"
	"strings"

	"netramet/internal/plaintext"
	"netramet/internal/spelling"
)

// Set is one of the rule sets.
type Set struct {
	Name    string // as users write it, without the @
	Summary string // one line about it, without a full stop

	text string
	parameter
}

//go:embed *.srl
var files embed.FS

// parameter is what may follow the name of a set.
type parameter struct {
	name    string
	example string // with the name of the set
	needed  bool
	fill    func(text, value string) (string, error) // value "": the default
}

// parameters are of the sets that take one.
var parameters = map[string]parameter{
	"matrix":   {"NETWORK,...", "@matrix=10.0.0.0/8,2001:db8::/32", false, fillNetworks},
	"networks": {"/WIDTH,/WIDTH", "@networks=/16,/32", false, fillWidths},
	"peers":    {"NETWORK,...", "@peers=192.0.2.7", true, fillNetworks},
	"talkers":  {"NETWORK,...", "@talkers=10.0.0.0/8,2001:db8::/32", false, fillNetworks},
}

// order is that of lists: what is asked most comes first.
var order = []string{
	"hosts", "talkers", "peers", "networks", "matrix", "services", "servers", "applications",
	"protocols", "ip", "dns", "5tuple", "customers",
}

// Sets returns all there are, in the order of a list for users.
func Sets() []Set {
	all := make([]Set, len(order))
	for i, name := range order {
		all[i] = open(name)
	}
	return all
}

// open returns the set of a name in order.
func open(name string) Set {
	s := Set{Name: name, text: file(name + ".srl")}
	head, _, _ := strings.Cut(s.text, "\n")
	_, s.Summary, _ = strings.Cut(head, ": ")
	s.text = strings.Replace(s.text, "include \"server.srl\";\n", file("server.srl"), 1)
	s.parameter = parameters[name]
	return s
}

// file is the text of an embedded file, which is there: the tests read all.
func file(name string) string {
	b, _ := files.ReadFile(name)
	return string(b)
}

// Usage is how the set is written, with the parameter that it may have.
func (s Set) Usage() string {
	switch {
	case s.fill == nil:
		return "@" + s.Name
	case s.needed:
		return "@" + s.Name + "=" + s.name
	}
	return "@" + s.Name + "[=" + s.name + "]"
}

// Example is the set as somebody might write it: with a parameter where it needs one.
func (s Set) Example() string {
	if s.needed {
		return s.example
	}
	return "@" + s.Name
}

// Names reports whether an operand names a rule set of the library, though there
// may be none of that name: it begins with an @. The file of such a name is ./@name.
func Names(operand string) bool { return strings.HasPrefix(operand, "@") }

// Source returns the text of the rule set that an operand names, as an SRL
// program that needs nothing but standard.srl, with its parameter filled in. The
// error names the operand.
func Source(operand string) ([]byte, error) {
	name, value, given := strings.Cut(strings.TrimPrefix(operand, "@"), "=")
	for _, s := range order {
		if s != name {
			continue
		}
		set := open(name)
		if given && set.fill == nil {
			return nil, fmt.Errorf("@%.60s: it takes no parameter: write @%s", plaintext.Clean(name+"="+value), name)
		}
		if given && value == "" {
			return nil, fmt.Errorf("@%s=: what follows is %s, as in %s", name, set.name, set.example)
		}
		if !given && set.needed {
			return nil, fmt.Errorf("@%s: it needs to know whose: write %s, as in %s", name, set.Usage(), set.example)
		}
		if set.fill == nil {
			return []byte(set.text), nil
		}
		text, err := set.fill(set.text, value)
		if err != nil {
			return nil, fmt.Errorf("@%s: %w", name, err)
		}
		return []byte(text), nil
	}
	return nil, unknown(name)
}

// kinds is what the letters stand for that rule sets give to FlowKind.
var kinds = map[string]map[uint64]string{
	"applications": {
		'W': "web", 'D': "names", 'M': "mail", 'F': "files", 'R': "remote work", 'B': "data bases", 'C': "calls and chat",
		'V': "VPN and tunnels", 'N': "network", 'T': "time", 'I': "ICMP", '?': "other ports", 'O': "other protocols", 'X': "not IP",
	},
	"talkers": {'H': "host", 'L': "local", 'O': "others"},
}

// Kinds returns what the values of FlowKind stand for in the rule set that an operand
// names, nil if it has none. The map is shared and not to be changed.
func Kinds(operand string) map[uint64]string {
	name, _, _ := strings.Cut(strings.TrimPrefix(operand, "@"), "=")
	return kinds[name]
}

// unknown is the error of a name that no rule set has.
func unknown(name string) error {
	if name == "" {
		return fmt.Errorf("@ alone: the shipped rule sets are @%s", strings.Join(order, ", @"))
	}
	shown := plaintext.Clean(name)
	near := spelling.Nearest(strings.ToLower(name), order, max(1, len(name)/3))
	for _, s := range order {
		if strings.EqualFold(s, name) { // capitals, mostly
			near = []string{s}
		}
	}
	if len(near) > 0 {
		return fmt.Errorf("@%.60s: no rule set of that name is shipped: did you mean @%s? (a file of that name is ./@%.60s)", shown, strings.Join(near, " or @"), shown)
	}
	return fmt.Errorf("@%.60s: no rule set of that name is shipped; there are @%s (a file of that name is ./@%.60s)", shown, strings.Join(order, ", @"), shown)
}
