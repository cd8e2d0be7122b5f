// Package flagerr puts the command-line parser's errors into the words of the
// person at the keyboard. Both commands use it.
package flagerr

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/spf13/pflag"
)

// Explain returns err, or, where it is about an option's value, an error that
// says what is wrong with it without naming the function that found out.
func Explain(err error) error {
	var bad *pflag.InvalidValueError
	if !errors.As(err, &bad) {
		return err
	}
	cause, option := bad.Unwrap(), "--"+bad.GetFlag().Name
	var num *strconv.NumError
	switch {
	case !errors.As(cause, &num):
		return fmt.Errorf("%s %q: %w", option, bad.GetValue(), cause)
	case errors.Is(num.Err, strconv.ErrRange):
		return fmt.Errorf("%s %q: the number is too large", option, bad.GetValue())
	}
	what := "it is a whole number"
	if t := bad.GetFlag().Value.Type(); t != "int" && t != "int64" {
		what += " from 0"
	}
	return fmt.Errorf("%s %q: %s", option, bad.GetValue(), what)
}
