package agent

import (
	"fmt"
	"slices"
	"sort"
	"sync"

	"netramet/mib/ber"
)

// Scalar is one scalar object: its instance is ID.0.
type Scalar struct {
	ID   uint32
	Read func(q *Request, v *Value)

	// Test checks a new value, and Write stores one that was tested. Both
	// are nil iff the object is read-only.
	Test  func(q *Request, v *ber.Value) Status
	Write func(v *ber.Value)
}

// Scalars is a group of scalar objects below one prefix. It is a Table and a
// Setter; for a group without writable objects register no Setter, or itself:
// the answer to a Set is notWritable either way.
type Scalars struct {
	objects []Scalar
	guard   sync.Locker // held while an object is read, tested or written; nil is none
}

// NewScalars makes a group. Objects may come in any order; an ID that comes
// twice, or an object that cannot be read, is an error.
func NewScalars(objects ...Scalar) (*Scalars, error) {
	s := &Scalars{objects: slices.Clone(objects)}
	slices.SortFunc(s.objects, func(a, b Scalar) int { return int(int64(a.ID) - int64(b.ID)) })
	for i, o := range s.objects {
		if i > 0 && o.ID == s.objects[i-1].ID {
			return nil, fmt.Errorf("agent: scalar %d comes twice", o.ID)
		}
		if o.Read == nil || (o.Test == nil) != (o.Write == nil) {
			return nil, fmt.Errorf("agent: scalar %d is incomplete", o.ID)
		}
	}
	return s, nil
}

// search returns the first object whose ID is at least id.
func (s *Scalars) search(id uint32) int {
	return sort.Search(len(s.objects), func(i int) bool { return s.objects[i].ID >= id })
}

func (s *Scalars) lock() {
	if s.guard != nil {
		s.guard.Lock()
	}
}

func (s *Scalars) unlock() {
	if s.guard != nil {
		s.guard.Unlock()
	}
}

// find returns the object that inst names.
func (s *Scalars) find(inst []uint32) (*Scalar, Status) {
	if len(inst) == 0 {
		return nil, NoSuchObject
	}
	i := s.search(inst[0])
	if i == len(s.objects) || s.objects[i].ID != inst[0] {
		return nil, NoSuchObject
	}
	if len(inst) != 2 || inst[1] != 0 {
		return nil, NoSuchInstance
	}
	return &s.objects[i], OK
}

// Get implements Table.
func (s *Scalars) Get(q *Request, inst []uint32, v *Value) Status {
	o, st := s.find(inst)
	if st == OK {
		s.lock()
		defer s.unlock()
		o.Read(q, v)
	}
	return st
}

// Next implements Table.
func (s *Scalars) Next(q *Request, after []uint32, next *Name, v *Value) Status {
	i := 0
	if len(after) > 0 {
		i = s.search(after[0])
		// Behind ID comes ID.0, behind ID.0 the next object.
		if i < len(s.objects) && s.objects[i].ID == after[0] && len(after) > 1 {
			i++
		}
	}
	if i == len(s.objects) {
		return EndOfMibView
	}
	next.Set(s.objects[i].ID, 0)
	s.lock()
	defer s.unlock()
	s.objects[i].Read(q, v)
	return OK
}

// Test implements Setter.
func (s *Scalars) Test(t *Txn, b *Bind) Status {
	o, st := s.find(b.Inst)
	switch {
	case st != OK:
		return st // becomes notWritable or noCreation
	case o.Test == nil:
		return NotWritable
	}
	s.lock()
	defer s.unlock()
	return o.Test(t.Request, &b.Value)
}

// Check implements Setter: scalars do not depend on each other.
func (s *Scalars) Check(*Txn) (Status, *Bind) { return OK, nil }

// Commit implements Setter.
func (s *Scalars) Commit(t *Txn) {
	s.lock()
	defer s.unlock()
	for b := range t.Of(s) {
		if o, st := s.find(b.Inst); st == OK {
			o.Write(&b.Value)
		}
	}
}

// Abort implements Setter: nothing was staged.
func (s *Scalars) Abort(*Txn) {}
