package usm

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"netramet/internal/atomicfile"
	"netramet/internal/fileaccess"
	"netramet/internal/filelock"
)

// maxState limits the size of a state file, in octets.
const maxState = 4096

const stateHeader = "# SNMP engine state of netramet: do not copy, do not edit\n"

// OpenEngine returns the engine whose ID and boots are kept in the state file
// at path, which is made if it is missing. Boots is incremented and on the
// disk (synced) before OpenEngine returns, so before anything is answered
// with it (RFC 3414 §2.2.2).
//
// The engine is always usable. A non-nil error is a warning that the file
// could not be used: then the engine has a random ID and boots 1 and nothing
// is kept, because a stored ID with boots that were used before would let
// recorded messages be replayed. A file with other content is never
// overwritten. With an empty path such an engine comes without a warning.
//
// The file is locked until Close: a second engine with it would have boots and
// time of its own under the same ID. ErrRefused is in the error if the path is
// nothing to keep a state in, which the user should rather mend than be warned
// of.
func OpenEngine(path string, enterprise uint32, now time.Time) (*Engine, error) {
	if path == "" {
		return NewRandomEngine(enterprise, now), nil
	}
	e, err := openState(path, enterprise, now)
	if errors.Is(err, ErrRefused) {
		return NewRandomEngine(enterprise, now), fmt.Errorf("state file %s: %w", path, err)
	}
	if err != nil {
		return NewRandomEngine(enterprise, now),
			fmt.Errorf("state file %s: %w; using a random engine ID for this run", path, err)
	}
	if e.boots == maxBoots {
		return e, fmt.Errorf("state file %s: snmpEngineBoots has reached its end and every authenticated "+
			"message will be refused; remove the file to get a new engine ID", path)
	}
	return e, nil
}

// ErrRefused is the error of a path that cannot be an engine's state file.
var ErrRefused = errors.New("it cannot be used as a state file")

// Close lets another engine have the state file. e may be nil.
func (e *Engine) Close() {
	if e != nil && e.unlock != nil {
		e.unlock()
		e.unlock = nil
	}
}

func openState(path string, enterprise uint32, now time.Time) (e *Engine, err error) {
	if path, err = stateFile(path); err != nil {
		return nil, err
	}
	unlock, err := filelock.Try(path + ".lock")
	if errors.Is(err, filelock.ErrHeld) {
		err = errors.New("another meter uses it now; give each meter a state file of its own")
	}
	if err != nil {
		return nil, err
	}
	if e, err = loadState(path, enterprise, now); err != nil {
		unlock()
		return nil, err
	}
	e.unlock = unlock
	return e, nil
}

// stateFile returns the path of the file itself, which is replaced whenever
// boots changes: where a link was replaced, the old boots would live on under
// the other name. What is no file of this user's own is refused before it is
// opened.
func stateFile(path string) (string, error) {
	real, err := filepath.EvalSymlinks(path)
	if errors.Is(err, fs.ErrNotExist) {
		if fi, lerr := os.Lstat(path); lerr == nil && fi.Mode()&fs.ModeSymlink != 0 {
			return "", fmt.Errorf("%w: it is a symbolic link to nothing", ErrRefused)
		}
		return path, nil // a new one
	}
	if err != nil {
		return "", err
	}
	fi, err := os.Stat(real)
	switch {
	case err != nil:
		return "", err
	case fi.IsDir():
		return "", fmt.Errorf("%w: it is a directory", ErrRefused)
	case !fi.Mode().IsRegular():
		return "", fmt.Errorf("%w: it is no regular file", ErrRefused)
	case !fileaccess.Own(fi):
		return "", fmt.Errorf("%w: it belongs to another user, who could set boots back", ErrRefused)
	case fileaccess.Names(fi) > 1:
		return "", fmt.Errorf("%w: it has further names (hard links), under which old boots would live on", ErrRefused)
	}
	return real, nil
}

func loadState(path string, enterprise uint32, now time.Time) (*Engine, error) {
	text, err := readLimited(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	id, boots := RandomEngineID(enterprise), int32(0)
	if len(text) > 0 {
		if id, boots, err = parseState(text); err != nil {
			return nil, err
		}
	}
	if boots < maxBoots {
		boots++
	}
	e, err := NewEngine(id, boots, now)
	if err != nil {
		return nil, err
	}
	e.keep = func(boots int32) error { return writeState(path, e.id, boots) }
	return e, e.keep(boots)
}

func readLimited(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxState+1))
	if err == nil && len(text) > maxState {
		err = errors.New("not an engine state file (too long)")
	}
	return text, err
}

// parseState reads the lines "engine-id HEX" and "boots N"; lines that begin
// with # and empty ones do not count.
func parseState(text []byte) (id []byte, boots int32, err error) {
	boots = -1
	for line := range bytes.Lines(text) {
		f := bytes.Fields(line)
		if len(f) == 0 || f[0][0] == '#' {
			continue
		}
		if len(f) != 2 {
			return nil, 0, errors.New("not an engine state file")
		}
		switch key, val := string(f[0]), string(f[1]); {
		case key == "engine-id" && id == nil:
			if id, err = hex.DecodeString(val); err != nil {
				return nil, 0, fmt.Errorf("engine-id %q is not hexadecimal", val)
			}
			if err := CheckEngineID(id); err != nil {
				return nil, 0, err
			}
		case key == "boots" && boots < 0:
			n, err := strconv.ParseUint(val, 10, 31)
			if err != nil {
				return nil, 0, fmt.Errorf("boots %q is not a number from 0 to %d", val, maxBoots)
			}
			boots = int32(n)
		default:
			return nil, 0, errors.New("not an engine state file")
		}
	}
	if id == nil || boots < 0 {
		return nil, 0, errors.New("not an engine state file (engine-id or boots is missing)")
	}
	return id, boots, nil
}

// writeState replaces the file in one step.
func writeState(path string, id []byte, boots int32) error {
	return atomicfile.Write(path, fmt.Appendf(nil, "%sengine-id %s\nboots %d\n", stateHeader, hex.EncodeToString(id), boots))
}
