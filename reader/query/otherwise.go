package query

import "bytes"

// peekOther is how far a file is looked into for what it may be.
const peekOther = 64

// bom begins UTF-8 text of some programs.
const bom = "\xef\xbb\xbf"

// otherwise says what a file is that is no flow data, by its beginning; "" if nobody
// knows.
func otherwise(head []byte) string {
	for _, k := range []struct{ begins, is string }{
		{"schema,", "CSV, which is for other programs: ask the flow data file or the JSON Lines that --to or -F can write beside it"},
		{"\xff\xfe", "UTF-16 text: save it as UTF-8 or plain ASCII"},
		{"\xfe\xff", "UTF-16 text: save it as UTF-8 or plain ASCII"},
		{"\xd4\xc3\xb2\xa1", "a trace: netramet meters it, with -C"},
		{"\xa1\xb2\xc3\xd4", "a trace: netramet meters it, with -C"},
		{"\x4d\x3c\xb2\xa1", "a trace: netramet meters it, with -C"},
		{"\xa1\xb2\x3c\x4d", "a trace: netramet meters it, with -C"},
		{"\n\r\r\n", "a trace: netramet meters it, with -C"},
	} {
		if bytes.HasPrefix(head, []byte(k.begins)) {
			return k.is
		}
	}
	return ""
}
