package main

import (
	"fmt"
	"strings"
	"time"

	"netramet/internal/direction"
	"netramet/internal/reading"
	"netramet/internal/version"
	"netramet/meter/control"
	"netramet/sources"
	"netramet/sources/filter"
	"netramet/sources/live"
	"netramet/sources/wire"
)

// link is what is metered live.
type link interface {
	sources.Source
	sources.Namer
	// Interfaces may be called by any goroutine.
	Interfaces() []live.Interface
}

// openLink begins to capture from the interfaces of -i, and the meter's time. note
// is told what happens to them, by the goroutine that reads.
func (o *options) openLink(note func(string)) (link, error) {
	var err error
	if o.direction, err = direction.Open(o.directionBy); err != nil {
		return nil, fmt.Errorf("--direction: %w", err)
	}
	if o.socket() != "" {
		return o.openSocket(note)
	}
	opt := live.Options{
		Interfaces:  o.live.interfaces,
		Promiscuous: !o.live.noPromiscuous && o.live.interfaces[0] != live.Any,
		RingOctets:  int(o.live.ring), BlockOctets: int(o.live.block),
		Rings: int(o.lanes),
		Tell:  func(e live.Event) { note(e.String()) },
	}
	if o.filterText != "" {
		if opt.Filter, err = filter.Parse(o.filterText); err != nil {
			return nil, fmt.Errorf("--filter: %w", err)
		}
	} else {
		opt.SnapLen = int(o.snap) // a filter sees packets whole
	}
	src, err := live.Open(opt)
	if err != nil {
		return nil, err
	}
	o.beginTime(note)
	return &informed{src}, nil
}

// beginTime begins the time of a live meter.
func (o *options) beginTime(note func(string)) {
	o.time = reading.NewLive(reading.MachineClock())
	o.time.Stepped = func(by time.Duration) {
		note(fmt.Sprintf("the time of day was set by %v, or the machine was suspended; intervals and uptime go on as before",
			by.Round(time.Millisecond)))
	}
}

// informed is a live source that tells what a trace of it says of its interfaces.
type informed struct{ *live.Source }

// Info implements sources.Informer.
func (s *informed) Info() (info sources.Info) {
	info.Section = wire.Section{Application: "netramet " + version.Version}
	for _, x := range s.Interfaces() {
		info.Interfaces = append(info.Interfaces, wire.Interface{Name: x.Name, LinkType: x.LinkType})
	}
	return info
}

// linkName is the interfaces of -i, or the cards of -C, as one name.
func (o *options) linkName() string {
	if o.socket() != "" {
		return o.socket()
	}
	names := o.linkNames()
	name := names[0]
	if more := len(names) - 1; more > 0 {
		name = fmt.Sprintf("%s+%d", name, more)
	}
	return name
}

// source says what is metered.
func (o *options) source() string {
	switch {
	case !o.isLive():
		return "trace " + o.traceName()
	case o.socket() != "":
		return "flow records of " + o.socket()
	case o.readsCards():
		return "DAG cards: " + strings.Join(o.linkNames(), ", ")
	case len(o.live.interfaces) == 1:
		return "interface " + o.live.interfaces[0]
	}
	return "interfaces " + strings.Join(o.live.interfaces, ", ")
}

// row is where an interface of the source is in the meter's table. Where packets'
// interfaces are directions, these have the first rows; those of the source follow, for
// what was lost there has no direction.
func (o *options) row(number int) int {
	if o.direction == nil {
		return number
	}
	return number + len(direction.Names())
}

// showDirections shows the directions in the meter's table, if there are any.
func (o *options) showDirections(s *control.Tables) error {
	if o.direction == nil {
		return nil
	}
	for i, name := range direction.Names() {
		if err := s.NameInterface(i+1, name, wire.LinkEthernet); err != nil {
			return err
		}
	}
	return nil
}

// showLink shows the interfaces of a link in the meter's table.
func (o *options) showLink(s *control.Tables, src link) error {
	if err := o.showDirections(s); err != nil {
		return err
	}
	for _, x := range src.Interfaces() {
		n := o.row(int(x.Number))
		if n > wire.MaxInterfaces {
			break // behind directions there is no room for the last ones of very many
		}
		if err := s.NameInterface(n, x.Name, x.LinkType); err != nil {
			return err
		}
		if err := s.SetSourceStats(n, wire.SourceStats{Frames: x.Packets, Octets: x.Octets, Dropped: x.Dropped}); err != nil {
			return err
		}
		if err := s.SetInterfaceDown(n, !x.Up || !x.Present); err != nil {
			return err
		}
	}
	return nil
}
