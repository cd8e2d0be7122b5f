package command

import (
	"regexp"
	"strings"

	"github.com/spf13/pflag"
)

// mayLack is how the parser shows an option whose value may be missing.
var mayLack = regexp.MustCompile(`(--[a-z-]+) (\w+)\[="?\w*"?\]`)

// Usages are the options for --help, in lines of 80 columns. A value that may be missing
// is shown as it is written, glued on: --top[=N].
func Usages(f *pflag.FlagSet) string {
	return mayLack.ReplaceAllStringFunc(f.FlagUsagesWrapped(80), func(option string) string {
		shown := mayLack.ReplaceAllString(option, "$1[=$2]")
		return shown + strings.Repeat(" ", len(option)-len(shown))
	})
}
