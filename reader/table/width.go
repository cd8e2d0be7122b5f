package table

import "github.com/rivo/uniseg"

// ellipsis stands for what was cut off a text.
const ellipsis = "…"

// textWidth is how many columns of a terminal a text takes: none for combining
// characters, two for wide ones.
func textWidth(text string) int {
	for i := range len(text) {
		if text[i] >= 0x80 {
			return uniseg.StringWidth(text)
		}
	}
	return len(text)
}

// appendCut adds as much of a text as has room in width columns, with an ellipsis
// where it is not all, and returns the columns that it took. What a reader sees as
// one character stays whole.
func appendCut(dst []byte, text string, width int) ([]byte, int) {
	if w := textWidth(text); w <= width {
		return append(dst, text...), w
	}
	if width < 1 {
		return dst, 0
	}
	took, state := 0, -1
	for rest := text; rest != ""; {
		var one string
		var w int
		one, rest, w, state = uniseg.FirstGraphemeClusterInString(rest, state)
		if took+w > width-1 {
			break
		}
		dst, took = append(dst, one...), took+w
	}
	return append(dst, ellipsis...), took + 1
}

// appendBlanks adds n blanks.
func appendBlanks(dst []byte, n int) []byte {
	for range n {
		dst = append(dst, ' ')
	}
	return dst
}
