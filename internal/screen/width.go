package screen

import (
	"io"
	"os"
	"strconv"

	"golang.org/x/term"
)

// Width is how many columns a line on out may have: those of the terminal that it is,
// or what columns says, the text of the environment's variable COLUMNS; 0 is any number.
func Width(out io.Writer, columns string) int {
	if f, ok := out.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		if width, _, err := term.GetSize(int(f.Fd())); err == nil {
			return width
		}
	}
	n, err := strconv.ParseUint(columns, 10, 16)
	if err != nil {
		return 0
	}
	return int(n)
}
