// Package flagerr puts the command-line parser's errors into the words of the
// person at the keyboard. Both commands use it.
package flagerr

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/spf13/pflag"
)

// errTwice is in the error of an option that was given before.
var errTwice = errors.New("given twice; it holds one value")

// Once makes every option of f that holds one value an error where it is given
// twice with another value, for one of the two would be lost.
func Once(f *pflag.FlagSet) {
	f.VisitAll(func(fl *pflag.Flag) {
		if _, list := fl.Value.(pflag.SliceValue); !list {
			fl.Value = &once{Value: fl.Value}
		}
	})
}

type once struct {
	pflag.Value
	given bool
	text  string
}

// Set implements pflag.Value.
func (o *once) Set(text string) error {
	if o.given && text != o.text {
		return errTwice
	}
	o.given, o.text = true, text
	return o.Value.Set(text)
}

// Explain returns what f.Parse found in args, or, where it is about an option's value,
// an error that says what is wrong with it without naming the function that
// found out. Where another option may have been meant, it names that.
func Explain(err error, f *pflag.FlagSet, args []string) error {
	var unknown *pflag.NotExistError
	if errors.As(err, &unknown) {
		return explainUnknown(unknown, f)
	}
	var missing *pflag.ValueRequiredError
	if errors.As(err, &missing) {
		return explainMissing(missing)
	}
	var bad *pflag.InvalidValueError
	if !errors.As(err, &bad) {
		return err
	}
	if long := oneDash(bad.GetFlag(), bad.GetValue(), f); long != "" {
		return fmt.Errorf("-%s%s: long names have two dashes; did you mean --%s?", bad.GetFlag().Shorthand, bad.GetValue(), long)
	}
	return explainValue(bad, written(bad, args))
}

// written is how an option with a wrong value was written: by its long name, or else
// by its letter.
func written(bad *pflag.InvalidValueError, args []string) string {
	fl := bad.GetFlag()
	long := "--" + fl.Name
	if fl.Shorthand == "" {
		return long
	}
	for i, arg := range args {
		if arg == long+"="+bad.GetValue() || arg == long && i+1 < len(args) && args[i+1] == bad.GetValue() {
			return long
		}
	}
	return "-" + fl.Shorthand
}

// explainMissing says what an option at the end of the line lacks.
func explainMissing(err *pflag.ValueRequiredError) error {
	option := "--" + err.GetFlag().Name
	if err.GetSpecifiedShortnames() != "" {
		option = "-" + err.GetFlag().Shorthand
	}
	value, _ := pflag.UnquoteUsage(err.GetFlag())
	return fmt.Errorf("%s needs a value: %s %s", option, option, value)
}

// explainValue says what values an option takes.
func explainValue(bad *pflag.InvalidValueError, option string) error {
	cause := bad.Unwrap()
	what := "it is a whole number, and not negative"
	var num *strconv.NumError
	switch kind := bad.GetFlag().Value.Type(); {
	case errors.Is(cause, errTwice):
		return fmt.Errorf("%s %q: %w", option, bad.GetValue(), cause)
	case !errors.As(cause, &num):
		return fmt.Errorf("%s %q: %w", option, bad.GetValue(), cause)
	case kind == "bool":
		what = "it is true or false"
	case errors.Is(num.Err, strconv.ErrRange):
		what = "the number is too large"
	case kind == "int" || kind == "int32" || kind == "int64":
		what = "it is a whole number"
	}
	return fmt.Errorf("%s %q: %s", option, bad.GetValue(), what)
}
