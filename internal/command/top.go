package command

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"netramet/internal/screen"
	"netramet/mib"
	"netramet/reader/table"
	"netramet/reader/top"
)

// DefaultTop is how many flows --top shows where it does not say.
const DefaultTop = 10

// Top is what --top and the options beside it say.
type Top struct {
	N     uint32 // 0: not asked for
	Exact bool
	Key   table.Key // once Check was called
	sort  string
}

// Declare declares the options.
func (t *Top) Declare(f *pflag.FlagSet, when string) {
	f.Var((*count)(&t.N), "top", "show the `N` largest flows, 10 if not said, of each rule set as a table "+when+"; without -F nothing else is written")
	f.Lookup("top").NoOptDefVal = fmt.Sprint(DefaultTop)
	if t.sort == "" {
		t.sort = "octets"
	}
	f.StringVar(&t.sort, "sort", t.sort, "order --top by `KEY`: octets, pdus, rate (octets per second), or an attribute")
	f.BoolVar(&t.Exact, "exact", t.Exact, "show the numbers of --top in full, not as 1.5 M")
}

// count is how many flows or rows there are to be, one at least.
type count uint32

// Set implements pflag.Value.
func (c *count) Set(text string) error {
	n, err := strconv.ParseUint(text, 10, 32)
	switch {
	case errors.Is(err, strconv.ErrRange):
		return errors.New("the number is too large")
	case err != nil || n < 1:
		return errors.New("it is a whole number from 1")
	}
	*c = count(n)
	return nil
}

// String implements pflag.Value; "" is the number that is not given.
func (c *count) String() string {
	if *c == 0 {
		return ""
	}
	return strconv.FormatUint(uint64(*c), 10)
}

// Type implements pflag.Value.
func (c *count) Type() string { return "N" }

// TopArgs are args in which the number behind --top stands apart no more: an option
// whose value may be missing has it glued on.
func TopArgs(args []string) []string {
	var joined []string
	for i := 0; i < len(args); i++ {
		switch {
		case args[i] == "--":
			return append(joined, args[i:]...)
		case args[i] == "--top" && i+1 < len(args) && isNumber(args[i+1]):
			joined = append(joined, "--top="+args[i+1])
			i++
		default:
			joined = append(joined, args[i])
		}
	}
	return joined
}

func isNumber(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

// Check finds what is wrong with the options' values.
func (t *Top) Check(f *pflag.FlagSet) (err error) {
	if t.N > top.Max {
		return fmt.Errorf("--top=%d: a table shows %d flows at most", t.N, top.Max)
	}
	for _, name := range []string{"sort", "exact"} {
		if f.Changed(name) && t.N == 0 {
			return fmt.Errorf("--%s is for the table of --top: give that too", name)
		}
	}
	if t.Key, err = table.ParseKey(t.sort); err != nil {
		return fmt.Errorf("--sort: %w", err)
	}
	return nil
}

// CheckRows finds what is wrong with the options' values where --top and --sort are for
// rows of any kind. ordered says that an order was asked for.
func (t *Top) CheckRows(f *pflag.FlagSet) (ordered bool, err error) {
	if t.Key, err = table.ParseKey(t.sort); err != nil {
		return false, fmt.Errorf("--sort: %w", err)
	}
	return f.Changed("sort"), nil
}

// Needs are the attributes that must be read for the tables: none without --top.
func (t *Top) Needs() []mib.Attr {
	if t.N == 0 {
		return nil
	}
	return top.Needs(t.Key)
}

// Output returns the output that shows tables on a pane; times are in zone. once says
// that there is one collection only.
func (t *Top) Output(pane *screen.Pane, zone *time.Location, once bool) (*top.Output, error) {
	o := top.Options{N: int(t.N), Once: once, Options: table.Options{Key: t.Key, Exact: t.Exact, Zone: zone}}
	return top.New(o, func(all top.Tables) error { return pane.Show(all) })
}
