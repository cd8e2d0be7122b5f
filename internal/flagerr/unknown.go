package flagerr

import (
	"fmt"
	"strings"

	"netramet/internal/spelling"

	"github.com/spf13/pflag"
)

// explainUnknown names the options that a word which is none may stand for.
func explainUnknown(err *pflag.NotExistError, f *pflag.FlagSet) error {
	if group := err.GetSpecifiedShortnames(); group != "" {
		// pflag takes -interval for -i nterval, or for -i -n -t ...
		name, _, _ := strings.Cut(group, "=")
		option := "-" + err.GetSpecifiedName()
		if len(name) > 1 {
			option += " in -" + name
		}
		if long := likeliest(name, f); long != "" {
			return fmt.Errorf("unknown option %s; did you mean --%s?", option, long)
		}
		return fmt.Errorf("unknown option %s", option)
	}
	name := err.GetSpecifiedName()
	if s := f.ShorthandLookup(name[:min(len(name), 1)]); s != nil && len(name) == 1 {
		return fmt.Errorf("unknown option --%s; did you mean -%s, that is --%s?", name, name, s.Name)
	}
	if long := likeliest(name, f); long != "" {
		return fmt.Errorf("unknown option --%s; did you mean --%s?", name, long)
	}
	return fmt.Errorf("unknown option --%s", name)
}

// oneDash is the option that a word after a single dash stands for, of which
// pflag took the first letter for the option and the rest for its value; "" if
// there is none.
func oneDash(short *pflag.Flag, value string, f *pflag.FlagSet) string {
	if short.Shorthand == "" || value == "" || value[0] < 'a' || value[0] > 'z' {
		return ""
	}
	name, _, _ := strings.Cut(short.Shorthand+value, "=")
	return likeliest(name, f)
}

// likeliest is the option whose name is nearest to a word: one that begins with
// it, or is two slips away at most, fewer in short words; "" if there is none.
// Among equals it is the first.
func likeliest(word string, f *pflag.FlagSet) (best string) {
	word = strings.ToLower(strings.ReplaceAll(word, "_", "-"))
	if len(word) < 3 {
		return ""
	}
	most := min(2, len(word)/3)
	f.VisitAll(func(fl *pflag.Flag) {
		if d := spelling.Distance(word, fl.Name, most); d <= most && (best == "" || d < most) {
			best, most = fl.Name, d
		}
	})
	if best != "" {
		return best
	}
	f.VisitAll(func(fl *pflag.Flag) {
		if strings.HasPrefix(fl.Name, word) && (best == "" || len(fl.Name) < len(best)) {
			best = fl.Name
		}
	})
	return best
}
