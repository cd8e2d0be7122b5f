package join

import (
	"errors"
	"fmt"

	"netramet/sources"
	"netramet/sources/wire"
)

// identity distinguishes the interfaces of several files. Files of one capture mean
// the same interface by what they say alike; those of two captures never do.
type identity struct {
	capture int
	about   sources.Interface
}

// numbering gives interfaces their numbers (decision 14): the one that it has in
// its own file if that is free, and else the lowest that is.
type numbering struct {
	first uint8
	of    map[identity]uint8
	taken [wire.MaxInterfaces + 1]bool
	about []wire.Interface // from first on; copied when it grows, for others look at it
}

func newNumbering(first uint8) numbering {
	return numbering{first: max(first, 1), of: make(map[identity]uint8)}
}

// mapping is what the interface numbers of one file are in all of them; 0 is not
// known yet.
type mapping [wire.MaxInterfaces + 1]uint8

// renumber gives the frames of a file their numbers. If there are too many, the
// frames that have one are left.
func (n *numbering) renumber(frames []wire.Frame, m *mapping, src sources.Source, capture int) ([]wire.Frame, error) {
	for i := range frames {
		f := &frames[i]
		own := f.Interface
		if own == 0 {
			continue
		}
		if m[own] == 0 {
			number, err := n.number(src, own, capture)
			if err != nil {
				return frames[:i], err
			}
			m[own] = number
		}
		f.Interface = m[own]
	}
	return frames, nil
}

// number is that of an interface which is new in its file.
func (n *numbering) number(src sources.Source, own uint8, capture int) (uint8, error) {
	id := identity{capture: capture, about: sources.Interface{Place: int(own)}}
	if d, ok := src.(sources.Describer); ok {
		id.about = d.Interface(own)
	}
	if number, ok := n.of[id]; ok {
		return number, nil
	}
	number := int(n.first) + int(own) - 1
	if number > wire.MaxInterfaces || n.taken[number] {
		for number = int(n.first); number <= wire.MaxInterfaces && n.taken[number]; number++ {
		}
	}
	if number > wire.MaxInterfaces {
		return 0, tooMany{}
	}
	n.taken[number], n.of[id] = true, uint8(number)
	n.describe(number-int(n.first), src, own)
	return uint8(number), nil
}

// describe keeps what a file says of its interface, whose number there is own.
func (n *numbering) describe(at int, src sources.Source, own uint8) {
	about := make([]wire.Interface, max(len(n.about), at+1))
	copy(about, n.about)
	if s, ok := src.(sources.Informer); ok {
		if all := s.Info().Interfaces; int(own) <= len(all) {
			about[at] = all[own-1]
		}
	}
	n.about = about
}

// tooMany is the error of more interfaces than there are numbers.
type tooMany struct{}

func (tooMany) Error() string {
	return fmt.Sprintf("the files have more than %d interfaces with packets; files of one capture share theirs if they are read in sequence, or named by one pattern", wire.MaxInterfaces)
}

func (tooMany) Is(target error) bool { return target == errors.ErrUnsupported }
