package plaintext

import (
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestClean(t *testing.T) {
	for in, want := range map[string]string{
		"":                                    "",
		"plain text, ümläut €":                "plain text, ümläut €",
		"a\x1b[2Jb":                           "a?[2Jb",
		"a\nb\r\tc\x00\x7f":                   "a?b??c??",
		"c1 \u009b, bidi \u202e, line \u2028": "c1 ?, bidi ?, line ?",
		"latin1 \xe4\xf6":                     "latin1 ??",
		"joined \u200d, a space \u00a0":       "joined \u200d, a space \u00a0",
		"cut \xe2\x82":                        "cut ??",
	} {
		if got := Clean(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func FuzzClean(f *testing.F) {
	f.Add("a\x1b[31m\xff\u202e")
	f.Fuzz(func(t *testing.T, in string) {
		out := Clean(in)
		if !utf8.ValidString(out) || Clean(out) != out {
			t.Errorf("%q: %q", in, out)
		}
		for _, r := range out {
			if unicode.IsControl(r) {
				t.Errorf("%q: %q", in, out)
			}
		}
	})
}
