package main

import (
	"fmt"
	"os"
	"path/filepath"

	"netramet/internal/logfile"
	"netramet/internal/privileges"
)

// checkUser finds the user of --user, before anything is opened.
func (o *options) checkUser() (err error) {
	if o.user == "" {
		return nil
	}
	if err := privileges.Supported(len(o.live.interfaces) > 0); err != nil {
		return fmt.Errorf("--user %s: %w", o.user, err)
	}
	if o.becomes, err = privileges.Lookup(o.user); err != nil {
		return fmt.Errorf("--user: %w", err)
	}
	return nil
}

// becomeUser has the process go on as the user of --user, when all is open. Files that
// are opened again by their names are given to that user: the log, and the flow data. log is the
// former; nil is none. note is told what SIGHUP will not be able to do then.
func (o *options) becomeUser(log *logfile.File, note func(string)) error {
	if o.becomes == nil {
		return nil
	}
	if log != nil {
		if err := log.Own(o.becomes.Own); err != nil {
			note(fmt.Sprintf("the log %s cannot be given to user %s: %v", o.managed.logFile, o.user, err))
		}
	}
	if err := o.giveFlowFile(); err != nil {
		return err
	}
	if err := o.becomes.Drop(); err != nil {
		return fmt.Errorf("--user: %w", err)
	}
	if err := o.tryFlowFile(); err != nil {
		return fmt.Errorf("--user %s: the flow data (-F) cannot be written as that user: %w", o.user, err)
	}
	for _, name := range []string{o.managed.users, o.prefixes} {
		if name == "" {
			continue
		}
		file, err := os.Open(name)
		if err != nil {
			note(fmt.Sprintf("as user %s, a file cannot be read again by SIGHUP: %v", o.user, err))
			continue
		}
		file.Close()
	}
	if log != nil && !privileges.MayCreateIn(filepath.Dir(o.managed.logFile)) {
		note(fmt.Sprintf("user %s may make no file beside the log %s: where it is renamed away, let somebody else make a new one before SIGHUP (logrotate's create)", o.user, o.managed.logFile))
	}
	return nil
}

// flowFileToKeep is whether the flow data goes to a file that is opened again for each
// collection.
func (o *options) flowFileToKeep() bool {
	fi, err := os.Stat(o.flowFile)
	return err == nil && fi.Mode().IsRegular()
}

// giveFlowFile gives the flow data's file to the user.
func (o *options) giveFlowFile() error {
	if !o.flowFileToKeep() {
		return nil
	}
	f, err := os.OpenFile(o.flowFile, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	return o.becomes.Own(f)
}

// tryFlowFile sees whether it can be opened now.
func (o *options) tryFlowFile() error {
	if !o.flowFileToKeep() {
		return nil
	}
	f, err := os.OpenFile(o.flowFile, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return f.Close()
}
