package main

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"netramet/internal/reading"
	"netramet/internal/version"
	"netramet/meter/control"
)

// meterLink is the life of a managed meter on a link: it meters from its start until
// it is told to end, and readers collect when they like. ctx ends everything.
func (d *daemon) meterLink(told, ctx context.Context) error {
	until, stop := context.WithCancel(told)
	defer stop()
	defer context.AfterFunc(ctx, stop)() // a meter that nobody can ask is none
	loop := reading.Loop{
		Source: d.src, Stages: d.o.stages(d.links.note), Meter: d.meter.Meter, Live: d.o.time,
		Busy: d.load.Add, Fed: func() {
			d.notify.Alive(time.Now())
			d.o.showDumps(d.dumps)
		},
	}
	_, err := loop.Run(until)
	d.notify.Stopping()
	if errors.Is(err, reading.ErrInterrupted) {
		err = nil
		if ctx.Err() == nil {
			d.log.Info("told to end")
		}
	}
	d.leaveLastPart(ctx)
	return err
}

// beginLink shows the interfaces before anybody asks.
func (d *daemon) beginLink() error {
	return d.meter.Update(func(s *control.Tables) error { return d.o.showLink(s, d.link) })
}

// logLink is the line at the start of a live meter.
func (d *daemon) logLink() {
	d.log.Info("metering; managers (nemac) may come", slog.String("version", version.Version),
		slog.String("source", d.o.source()))
}

// tellDrops tells the log when something is lost, and when that has ended.
func (d *daemon) tellDrops(ended bool) {
	if d.link == nil {
		return
	}
	for _, n := range d.drops.look(time.Now(), d.link.Interfaces, ended) {
		n.words = d.o.dropWords()
		n.tell(d.log)
	}
}
