package main

import (
	"log/slog"
	"strings"

	"netramet/meter"
	"netramet/mib/agent"
)

// reload reads users and views and the table of prefixes again, and opens the log
// file anew. Where that fails, what there was stays.
func (d *daemon) reload() {
	if d.file != nil {
		if err := d.file.Reopen(); err != nil {
			d.log.Error("reload: the old log file stays open", slog.Any("error", err))
		}
	}
	d.reloadUsers()
	if d.o.prefixes != "" {
		d.reloadOrigins()
	}
}

// reloadOrigins reads the table of prefixes again.
func (d *daemon) reloadOrigins() {
	t, err := d.o.readOrigins()
	if err != nil {
		d.log.Error("reload: the table of prefixes stays as it was", slog.Any("error", err))
		return
	}
	_ = d.meter.Meter.Update(func(s *meter.Engine) error {
		s.SetOrigins(t)
		return nil
	})
	d.log.Info("prefixes read again", slog.Int("prefixes", t.Len()))
}

// reloadUsers reads users and views again.
func (d *daemon) reloadUsers() {
	warnOfUsers(d.o.managed.users, d.log)
	acc, err := d.o.managed.access()
	if err == nil {
		err = agent.CheckListen(d.addrs, acc)
	}
	if err == nil {
		err = d.agent.SetAccess(acc)
	}
	if err != nil {
		for line := range strings.SplitSeq(err.Error(), "\n") {
			d.log.Error("reload: users and views stay as they were", slog.String("error", line))
		}
		return
	}
	d.log.Info("users and views read again", slog.Int("users", acc.Users()), slog.Int("communities", acc.Communities()))
}
