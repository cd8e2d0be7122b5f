package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"

	"netramet/internal/command"
	"netramet/internal/logfile"
	"netramet/reader/outputs"
)

// runLog is the log of a run.
type runLog struct {
	*slog.Logger
	std  stdio
	file *logfile.File // nil if it is standard error
	// made is the file's name if it is one of ours, with the next free number.
	made string
}

// checkLog refuses a log in a file of flow data. Where both are new, the file does not
// tell yet that it is no log.
func checkLog(o *options, records []*options) error {
	if o.logFile == "" {
		return nil
	}
	for _, r := range records {
		if r.flowFile != "" && (outputs.Spec{Kind: outputs.Flows, Path: r.flowFile}).Writes(o.logFile) {
			return fmt.Errorf("-F and -L name one file, %s: flow data and log need a file each", r.flowFile)
		}
		for _, s := range r.to.All(r.meterName, "") {
			if s.Writes(o.logFile) {
				return fmt.Errorf("--to %s and -L %s are one file: flow data and log need a file each", s, o.logFile)
			}
		}
	}
	return nil
}

// openLog opens the log. Where the user only looks on, and names no log, what is to be
// warned of comes to standard error, and there is no other.
func openLog(ctx context.Context, name string, looks bool, std stdio) (*runLog, error) {
	l := &runLog{std: std}
	if name == "" && looks {
		l.Logger = slog.New(slog.NewTextHandler(std.err, &slog.HandlerOptions{Level: slog.LevelWarn}))
		return l, nil
	}
	if name == "-" {
		l.Logger = slog.New(slog.NewTextHandler(std.err, nil))
		return l, nil
	}
	var err error
	if name == "" {
		if name, err = reserve(".", "nemac.log"); err != nil {
			return nil, fmt.Errorf("log file: %w", err)
		}
		l.made = name
	}
	if l.file, err = logfile.Open(name, command.Pipes(ctx, "nemac", std.err).Open); err != nil {
		return nil, fmt.Errorf("log file: %w", err)
	}
	l.Logger = slog.New(slog.NewTextHandler(l.file, nil))
	return l, nil
}

// reopenAt opens the log file anew at each signal, so that it can be renamed away. The
// function returned ends that.
func (l *runLog) reopenAt(hangUps <-chan os.Signal) (stop func()) {
	end, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for {
			select {
			case <-end:
				return
			case <-hangUps:
			}
			if l.file == nil {
				continue
			}
			if err := l.file.Reopen(); err != nil {
				l.Error("the old log file stays open", "err", err)
				fmt.Fprintf(l.std.err, "nemac: SIGHUP: log file: %v\n", err)
			}
		}
	}()
	return func() { close(end); <-ended }
}

// close closes the log file. Where nothing had begun, why is on standard error, and a
// file with a number of its own would only be in the way.
func (l *runLog) close(begun bool) {
	if l.file == nil {
		return
	}
	if err := l.file.Close(); err != nil {
		fmt.Fprintf(l.std.err, "nemac: log file: %v\n", err)
	}
	if l.made != "" && !begun {
		_ = os.Remove(l.made) // somebody may have renamed it
	}
}
