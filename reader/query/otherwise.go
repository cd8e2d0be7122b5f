package query

import (
	"bytes"

	"netramet/internal/filekind"
)

// peekOther is how far a file is looked into for what it may be.
const peekOther = 64

// bom begins UTF-8 text of some programs.
const bom = "\xef\xbb\xbf"

// otherwise says what a file is that is no flow data, by its beginning; "" if nobody
// knows.
func otherwise(head []byte) string {
	switch {
	case bytes.HasPrefix(head, []byte("schema,")):
		return "CSV, which is for other programs: ask the flow data file or the JSON Lines that --to or -F can write beside it"
	case filekind.Trace(head) != "":
		return "a trace: netramet meters it, with -C"
	}
	return filekind.UTF16(head)
}
