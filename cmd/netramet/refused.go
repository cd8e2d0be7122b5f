package main

import (
	"errors"
	"fmt"

	"netramet/meter/control"
)

// refused is the error of limits that lost packets: a flow table that was too
// small, or past the flood mark, unless allowed, and rule sets that did not do
// what they were written for.
func (o *options) refused(m *control.Meter) error {
	const layout = "15:04:05 Mon 2 Jan 2006"
	var errs []error
	m.View(func(s *control.State) {
		c := s.Counts()
		if c.FullAt != 0 && !o.allowRefused {
			errs = append(errs, fmt.Errorf("flow table full at %s; use -f to hold more than %d flows (--allow-refused accepts the loss)",
				s.TimeOf(c.FullAt).Format(layout), s.MaxFlows()))
		}
		if c.FloodedAt != 0 && !o.allowRefused {
			errs = append(errs, fmt.Errorf("flood mode at %s: %d packets of new flows were refused above the flood mark; "+
				"let managers set a higher one, or use -f to hold more than %d flows (--allow-refused accepts the loss)",
				s.TimeOf(c.FloodedAt).Format(layout), s.Totals().FloodedPDUs, s.MaxFlows()))
		}
		for _, r := range lossesOf(s).stopped {
			errs = append(errs, fmt.Errorf("rule set %d: a limit stopped %d matches, and their packets are ignored; --explain shows why",
				r.number, r.matches))
		}
	})
	return errors.Join(errs...)
}
