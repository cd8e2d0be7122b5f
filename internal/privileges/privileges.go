// Package privileges has a process that was started by root go on as another user.
//
// It owns who that is and what is kept: nothing but the capability to capture from
// interfaces. The commands call it when all is open that needs more.
package privileges

import (
	"errors"
	"fmt"
	"os"
	"os/user"
	"strconv"
)

// User is whom a process becomes.
type User struct {
	Name   string
	UID    int
	groups []int // the first one is the main one
}

// Lookup finds a user by name or number.
func Lookup(name string) (*User, error) {
	u, err := user.Lookup(name)
	if err != nil {
		if _, numeric := strconv.ParseUint(name, 10, 31); numeric == nil {
			u, err = user.LookupId(name)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("there is no user %q on this system", name)
	}
	uid, uerr := strconv.Atoi(u.Uid)
	gid, gerr := strconv.Atoi(u.Gid)
	if uerr != nil || gerr != nil {
		return nil, errors.ErrUnsupported
	}
	if uid == 0 {
		return nil, fmt.Errorf("user %q is root: name one without privileges", name)
	}
	all := &User{Name: u.Username, UID: uid, groups: []int{gid}}
	ids, err := u.GroupIds()
	if err != nil {
		return nil, fmt.Errorf("groups of user %q: %w", name, err)
	}
	for _, id := range ids {
		if n, err := strconv.Atoi(id); err == nil && n != gid {
			all.groups = append(all.groups, n)
		}
	}
	return all, nil
}

// Own gives the user a file that is open, if it is root's: so that it may be opened
// anew by its name.
func (u *User) Own(f *os.File) error {
	if os.Geteuid() != 0 {
		return nil
	}
	return f.Chown(u.UID, u.groups[0])
}

// Drop has all threads of the process go on as the user, without any capability but
// that of capturing (CAP_NET_RAW), which the process keeps if it has it, and without
// ways to get others. It cannot be undone.
func (u *User) Drop() error {
	if err := u.drop(); err != nil {
		return fmt.Errorf("going on as user %s: %w", u.Name, err)
	}
	return nil
}
