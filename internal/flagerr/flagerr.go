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
	what := "it is a whole number from 0"
	var num *strconv.NumError
	switch kind := bad.GetFlag().Value.Type(); {
	case kind == "duration":
		what = "it is a length of time with its unit, as 36h or 90m, and at most 292 years"
	case !errors.As(cause, &num):
		return fmt.Errorf("%s %q: %w", option, bad.GetValue(), cause)
	case kind == "bool":
		what = "it is true or false"
	case errors.Is(num.Err, strconv.ErrRange):
		what = "the number is too large"
	case kind == "int" || kind == "int64":
		what = "it is a whole number"
	}
	return fmt.Errorf("%s %q: %s", option, bad.GetValue(), what)
}
