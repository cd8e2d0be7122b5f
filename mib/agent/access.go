package agent

import (
	"crypto/subtle"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"netramet/mib/usm"
)

// Limits of an Access.
const (
	maxPrincipals = 1000 // users, and communities
	maxCommunity  = 255  // octets of a community
	maxFrom       = 64   // prefixes of one community
)

// Principal is who sent a request, and what he may do. Handlers get it with
// each Request; they must not change it.
type Principal struct {
	// Name is the user's name, or a label for a community, which is a secret
	// and never a name.
	Name string

	Write bool  // may Set; everybody may read
	View  *View // nil is everything; for reading and writing

	// Owner is the prefix that Owner columns of rows must have for this
	// principal to write them; empty is no limit. Reading is limited in the
	// same way iff OwnerOnly. The tables enforce both.
	Owner     string
	OwnerOnly bool
}

// MayWrite reports whether the principal may create or change a row with this
// Owner: it must equal or begin with the principal's. That the PDU is a Set of
// somebody who may Set at all, the agent has seen to.
func (p *Principal) MayWrite(owner string) bool { return strings.HasPrefix(owner, p.Owner) }

// MayRead reports whether the principal may see a row with this Owner.
func (p *Principal) MayRead(owner string) bool { return !p.OwnerOnly || p.MayWrite(owner) }

// community is one way in for SNMPv1 and v2c.
type community struct {
	secret usm.Secret
	from   []netip.Prefix // empty is everywhere
	who    *Principal
}

// account is one SNMPv3 user.
type account struct {
	config usm.UserConfig
	level  usm.Level // the only level the account may use
	who    *Principal
}

// Access holds the communities and users of an agent. It is filled once and
// does not change after it has been given to an agent. Printing one shows no
// secret.
type Access struct {
	communities []community
	accounts    []account
}

// DefaultAccess has the community "public", which may read, and "private",
// which may write too. CheckListen refuses it outside loopback.
func DefaultAccess() *Access {
	a := new(Access)
	// Neither can fail on an empty Access.
	_ = a.AddCommunity(usm.NewSecret("public"), nil, Principal{Name: "default reader"})
	_ = a.AddCommunity(usm.NewSecret("private"), nil, Principal{Name: "default writer", Write: true})
	return a
}

// AddCommunity lets a community in, from the given prefixes or, if there are
// none, from everywhere. The same community may be added again with other
// prefixes; the first that fits counts.
func (a *Access) AddCommunity(secret usm.Secret, from []netip.Prefix, who Principal) error {
	n := len(secret.Reveal())
	switch {
	case n == 0 || n > maxCommunity:
		return fmt.Errorf("a community has 1 to %d octets", maxCommunity)
	case len(a.communities) >= maxPrincipals:
		return fmt.Errorf("more than %d communities", maxPrincipals)
	case len(from) > maxFrom:
		return fmt.Errorf("a community with more than %d address prefixes", maxFrom)
	}
	a.communities = append(a.communities, community{secret, slices.Clone(from), &who})
	return nil
}

// AddUser lets a user in, who must use the whole of the security he is
// configured with: someone with a privacy passphrase is not answered over an
// unencrypted message, since USM itself would believe an unauthenticated one.
// who.Name is set to the user's name. No key is derived yet.
func (a *Access) AddUser(c usm.UserConfig, who Principal) error {
	if err := c.Check(); err != nil {
		return err
	}
	if len(a.accounts) >= maxPrincipals {
		return fmt.Errorf("more than %d users", maxPrincipals)
	}
	for i := range a.accounts {
		if a.accounts[i].config.Name == c.Name {
			return fmt.Errorf("user %q is defined twice", c.Name)
		}
	}
	who.Name = c.Name
	a.accounts = append(a.accounts, account{config: c, level: c.Level(), who: &who})
	return nil
}

// Users returns the number of SNMPv3 users.
func (a *Access) Users() int { return len(a.accounts) }

// Communities returns the number of communities.
func (a *Access) Communities() int { return len(a.communities) }

// String says how much there is, and no more.
func (a *Access) String() string {
	return fmt.Sprintf("access for %d communities and %d users", len(a.communities), len(a.accounts))
}

// findCommunity returns who a community is, nil if it is not let in from
// there. Each comparison takes the same time whatever the octets.
func findCommunity(all []community, name []byte, from netip.Addr) *Principal {
	var who *Principal
	for i := range all {
		c := &all[i]
		same := constantEqual(name, c.secret.Reveal())
		if same && who == nil && c.admits(from) {
			who = c.who
		}
	}
	return who
}

// constantEqual compares without allocating; only the length shows.
func constantEqual(b []byte, s string) bool {
	if len(b) != len(s) {
		return false
	}
	var d byte
	for i := range b {
		d |= b[i] ^ s[i]
	}
	return subtle.ConstantTimeByteEq(d, 0) == 1
}

func (c *community) admits(from netip.Addr) bool {
	if len(c.from) == 0 {
		return true
	}
	for _, p := range c.from {
		if p.Contains(from) {
			return true
		}
	}
	return false
}

// loopbackOnly reports whether every prefix of the community is loopback.
func (c *community) loopbackOnly() bool {
	for _, p := range c.from {
		// ::1/128 and anything inside 127.0.0.0/8.
		if !p.Addr().IsLoopback() || p.Addr().Is4() && p.Bits() < 8 || p.Addr().Is6() && p.Bits() < 128 {
			return false
		}
	}
	return len(c.from) > 0
}

// CheckListen refuses to combine the well-known communities public and
// private with an address that others can reach. The error says what to do.
func CheckListen(addrs []netip.AddrPort, a *Access) error {
	var open []string
	for _, ap := range addrs {
		if !ap.Addr().Unmap().IsLoopback() {
			open = append(open, ap.String())
		}
	}
	if len(a.communities) == 0 && len(a.accounts) == 0 {
		return errors.New("nobody could use the agent: no community and no user is defined")
	}
	if len(open) == 0 {
		return nil
	}
	for i := range a.communities {
		c := &a.communities[i]
		if s := c.secret.Reveal(); (s == "public" || s == "private") && !c.loopbackOnly() {
			return fmt.Errorf("refusing to listen on %s with the community %q, which everybody knows: "+
				"choose other communities, limit them to loopback addresses, or use SNMPv3 users only",
				strings.Join(open, ", "), s)
		}
	}
	return nil
}

// localize derives the keys of all users for an engine, and returns the users
// by name. It takes milliseconds for each passphrase.
func (a *Access) localize(engineID []byte) (*active, error) {
	act := &active{
		communities: a.communities,
		users:       make(usm.Users, len(a.accounts)),
		accounts:    make(map[string]*account, len(a.accounts)),
	}
	for i := range a.accounts {
		acc := &a.accounts[i]
		u, err := usm.NewUser(acc.config, engineID)
		if err != nil {
			return nil, err
		}
		act.users[u.Name()] = u
		act.accounts[u.Name()] = acc
	}
	return act, nil
}

// active is an Access made ready for one engine.
type active struct {
	communities []community
	users       usm.Users
	accounts    map[string]*account
}
