//go:build !dag || !linux || (!amd64 && !arm64)

package dag

import (
	"errors"
	"time"
)

// Supported says why this build reads no DAG cards, and what to do.
func Supported() error { return errNoSupport }

var errNoSupport = errors.New("this build has no support for DAG cards. Either build with it, on Linux with 64 bits " +
	"(go build -tags dag ./cmd/netramet), or have dagsnap read the card: dagsnap -d dag0 | netramet -C erf:- --follow RULES")

// library and card are never there.
type (
	library struct{}
	card    struct{}
)

func load(string) (library, error)                     { return library{}, errNoSupport }
func (library) open(string, string) (card, error)      { return card{}, errNoSupport }
func (card) attach(int, time.Duration) (memory, error) { return nil, errNoSupport }
func (card) Close() error                              { return nil }
