//go:build dag && linux && (amd64 || arm64)

package dag

import (
	"time"

	"netramet/sources/internal/dagapi"
)

// Supported returns nil: this build reads DAG cards.
func Supported() error { return nil }

// library is libdag.
type library struct{ *dagapi.Library }

func load(path string) (library, error) {
	l, err := dagapi.Load(path)
	return library{l}, err
}

func (l library) open(device, parameters string) (card, error) {
	c, err := l.Open(device, parameters)
	return card{c}, err
}

// card is a card that is open.
type card struct{ *dagapi.Card }

func (c card) attach(stream int, wait time.Duration) (memory, error) {
	s, err := c.Attach(stream, wait)
	if err != nil {
		return nil, err
	}
	return s, nil
}
