package main

import (
	"context"
	"fmt"
	"log/slog"

	"netramet/internal/logfile"
)

// openLog makes the log of a managed meter. file is nil if it goes to standard
// error.
func openLog(ctx context.Context, o *options, std stdio) (log *slog.Logger, file *logfile.File, err error) {
	level, err := o.managed.level(o.silent)
	if err != nil {
		return nil, nil, err
	}
	out := std.err
	if name := o.managed.logFile; name != "" && name != "-" {
		if err := o.checkOverwrite("-L", name, std.in); err != nil {
			return nil, nil, err
		}
		if file, err = logfile.Open(name, pipes(ctx, std).Open); err != nil {
			return nil, nil, fmt.Errorf("log: %w", err)
		}
		out = file
	}
	return slog.New(slog.NewTextHandler(out, &slog.HandlerOptions{Level: level})), file, nil
}

// loggedError is an error that the log on standard error has told already.
type loggedError struct{ error }

func (e loggedError) Unwrap() error { return e.error }
