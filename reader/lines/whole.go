package lines

// whole is what a File with Options.Whole knows of files beside the one that it writes
// to now: an answer may fill several, by the time of its rows.
type whole struct {
	others map[string]*aside
	order  []*aside
}

// aside is a file that is not written to now.
type aside struct {
	place
	header string
}

// turnTo makes path the file that is written to.
func (f *File) turnTo(path string) {
	if f.opts.Whole {
		f.whole.put(f.at, f.header)
	} else {
		f.at.leave()
	}
	f.at, f.header = place{path: path}, ""
	if a := f.whole.others[path]; a != nil {
		f.at, f.header = a.place, a.header
		a.place = place{} // one of the two has its lock
	}
}

// put keeps a file for later.
func (w *whole) put(at place, header string) {
	if at.path == "" {
		return
	}
	if w.others == nil {
		w.others = make(map[string]*aside)
	}
	a := w.others[at.path]
	if a == nil {
		a = &aside{}
		w.others[at.path], w.order = a, append(w.order, a)
	}
	*a = aside{at, header}
}

func (w *whole) leave() {
	for _, a := range w.order {
		a.leave()
	}
	w.others, w.order = nil, nil
}

// Finish gives the files of Options.Whole their names; what had these is replaced. Close
// follows; without Finish it removes what was written.
func (f *File) Finish() error {
	if !f.opts.Whole || f.inside {
		return nil
	}
	all := []*place{&f.at}
	for _, a := range f.whole.order {
		all = append(all, &a.place)
	}
	for _, p := range all {
		if p.part == "" {
			continue // a stream, or nowhere
		}
		if err := p.rename(true); err != nil {
			return named(p.path, err)
		}
	}
	return nil
}
