package main

import (
	"errors"
	"fmt"

	"netramet/meter"
)

// refused is the error of a flow table that was too small, or past the flood mark,
// unless allowed.
func (o *options) refused(m *meter.Meter) error {
	if o.allowRefused {
		return nil
	}
	const layout = "15:04:05 Mon 2 Jan 2006"
	var errs []error
	m.View(func(s *meter.State) {
		c := s.Counts()
		if c.FullAt != 0 {
			errs = append(errs, fmt.Errorf("flow table full at %s; use -f to hold more than %d flows (--allow-refused accepts the loss)",
				s.TimeOf(c.FullAt).Format(layout), s.MaxFlows()))
		}
		if c.FloodedAt != 0 {
			errs = append(errs, fmt.Errorf("flood mode at %s: %d packets of new flows were refused above the flood mark; "+
				"let managers set a higher one, or use -f to hold more than %d flows (--allow-refused accepts the loss)",
				s.TimeOf(c.FloodedAt).Format(layout), s.Totals().FloodedPDUs, s.MaxFlows()))
		}
	})
	return errors.Join(errs...)
}
