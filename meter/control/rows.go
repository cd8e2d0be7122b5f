package control

import (
	"slices"

	"netramet/mib"
)

// MaxIndex is the largest index of a reader or manager row.
const MaxIndex = 1<<31 - 1

// row is a row of the reader table or of the manager table.
type row interface {
	Reader | Task
	Status() mib.RowStatus
	ownedBy() string
}

// rows is the reader table or the manager table: rows by index, in order.
type rows[R row] struct {
	index []uint32
	list  []*R
}

func (t *rows[R]) find(index uint32) *R {
	if i, ok := slices.BinarySearch(t.index, index); ok {
		return t.list[i]
	}
	return nil
}

// next returns the first row whose index is greater than after, nil if there
// is none.
func (t *rows[R]) next(after uint32) (uint32, *R) {
	i, ok := slices.BinarySearch(t.index, after)
	if ok {
		i++
	}
	if i == len(t.index) {
		return 0, nil
	}
	return t.index[i], t.list[i]
}

// put makes r the row of an index.
func (t *rows[R]) put(index uint32, r *R) {
	i, ok := slices.BinarySearch(t.index, index)
	if ok {
		t.list[i] = r
		return
	}
	t.index = slices.Insert(t.index, i, index)
	t.list = slices.Insert(t.list, i, r)
}

func (t *rows[R]) remove(index uint32) {
	if i, ok := slices.BinarySearch(t.index, index); ok {
		t.index = slices.Delete(t.index, i, i+1)
		t.list = slices.Delete(t.list, i, i+1)
	}
}
