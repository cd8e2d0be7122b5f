package control

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"netramet/mib"
)

// staging is what the staged rows of all tables have.
type staging struct {
	c       *Change
	index   uint32
	request mib.RowStatus // asked for in the same Change; RowNone if nothing is
	old     mib.RowStatus // the state the row is in
	next    mib.RowStatus // the state it will be in; valid after Check
	stop    Refusal       // why nothing of the row may be changed; Granted if it may
}

// enter finds out whether a row may be staged at all.
func (g *staging) enter(owner string) Refusal {
	switch {
	case g.old != mib.RowNone && !strings.HasPrefix(owner, g.c.limit):
		g.stop = NoAccess
	case g.old == mib.RowNone && g.request == mib.RowNone:
		g.stop = InconsistentName
	}
	return g.stop
}

// writable says in which states of its row a column may be written.
type writable uint8

const (
	always        writable = iota
	whileInactive          // or by the request that takes the row out of service
)

// column checks that a column of the row may be written now. A value that is
// never allowed is refused before (RFC 3416 §4.2.5, steps 6 to 9).
func (g *staging) column(when writable) Refusal {
	switch {
	case g.stop != Granted:
		return g.stop
	case g.old == mib.RowNone && !g.request.Creates():
		return InconsistentName
	case g.old == mib.RowActive && when == whileInactive && (g.request == mib.RowNone || g.request == mib.RowActive):
		return NotWritable // other requests take it out of service, or are refused
	}
	return Granted
}

// set sets a column of the row, whose value is allowed.
func set[V any](g *staging, when writable, column *V, value V) Refusal {
	why := g.column(when)
	if why == Granted {
		*column = value
	}
	return why
}

// setOwner checks a new Owner and stores it.
func (g *staging) setOwner(to *string, owner string) Refusal {
	if len(owner) > mib.MaxOwner || !utf8.ValidString(owner) || !strings.HasPrefix(owner, g.c.limit) {
		return WrongValue
	}
	return set(g, whileInactive, to, owner)
}

// check finds the row's next state. inactive is its state after the change while
// it is not active.
func (g *staging) check(table Table, owner string, inactive mib.RowStatus) error {
	g.next = g.old
	if g.request != mib.RowNone {
		var r Refusal
		if g.next, r = nextStatus(g.old, g.request, inactive); r != Granted {
			return g.refuse(table, r, fmt.Errorf("%v: %s", g.request, g.whyNot()))
		}
	} else if g.old != mib.RowActive {
		g.next = inactive
	}
	if g.next != mib.RowNone && !strings.HasPrefix(owner, g.c.limit) {
		return g.refuse(table, InconsistentValue, fmt.Errorf("its owner must begin with %q", g.c.limit))
	}
	return nil
}

// whyNot tells people why the row cannot become what is asked for.
func (g *staging) whyNot() string {
	switch exists := g.old != mib.RowNone; {
	case g.request == mib.RowNotReady:
		return "it is a state, and cannot be asked for"
	case exists && g.request.Creates():
		return "the row is there already"
	case !exists && !g.request.Creates():
		return "there is no such row"
	}
	return "columns that the row must have are not set"
}

func (g *staging) refuse(table Table, r Refusal, err error) error {
	return &RowError{Table: table, Index: g.index, Refusal: r, Err: err}
}

// adds is how many rows there will be more of.
func (g *staging) adds() int {
	switch {
	case g.old == mib.RowNone && g.next != mib.RowNone:
		return 1
	case g.old != mib.RowNone && g.next == mib.RowNone:
		return -1
	}
	return 0
}

// staged is a staged row of the reader table or of the manager table.
type staged[R row] struct {
	staging
	row R // as it will be
}

func (s *staged[R]) base() *staged[R] { return s }

// changeOf is a *ReaderChange or a *TaskChange, C without the star.
type changeOf[R row, C any] interface {
	*C
	base() *staged[R]
}

// stage stages the row of an index of a table, or returns it as list, the rows
// staged before, has it.
func stage[R row, C any, P changeOf[R, C]](c *Change, table *rows[R], list *[]P, index uint32, request mib.RowStatus) (P, Refusal) {
	for _, p := range *list {
		if p.base().index == index {
			return p, Granted
		}
	}
	p := P(new(C))
	s := p.base()
	s.staging = staging{c: c, index: index, request: request}
	if index < 1 || index > MaxIndex {
		s.stop = NoCreation
		return p, s.stop
	}
	if row := table.find(index); row != nil {
		s.row, s.old = *row, (*row).Status()
	}
	if why := s.enter(s.row.ownedBy()); why != Granted {
		return p, why
	}
	if len(*list) >= 2*mib.MaxRows { // more than can go and come
		s.stop = ResourceUnavailable
		return p, s.stop
	}
	*list = append(*list, p)
	return p, Granted
}

// checkRows checks that a table has room for the rows that are staged.
func checkRows[R row, C any, P changeOf[R, C]](table *rows[R], list []P, name Table) error {
	room := mib.MaxRows - len(table.list)
	for _, p := range list {
		room -= p.base().adds()
	}
	for _, p := range list {
		if s := p.base(); room < 0 && s.adds() > 0 {
			return s.refuse(name, ResourceUnavailable, errors.New("the table is full"))
		}
	}
	return nil
}
