//go:build !unix

package usm

import "errors"

func mkfifo(string) error { return errors.ErrUnsupported }
