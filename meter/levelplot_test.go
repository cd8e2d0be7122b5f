package meter

import (
	"bytes"
	"fmt"
)

// The plot of levels, in pixels.
const (
	levelsWidth, levelsHeight = 720, 300
	levelsLeft, levelsRight   = 60, 100
	levelsTop, levelsBottom   = 40, 50
)

// drawLevels draws how many streams and flows there were at the ends of intervals of a
// minute. All numbers are whole, so that the picture is the same on each machine.
func drawLevels(levels []level) []byte {
	var p bytes.Buffer
	h := highest(levels)
	const step = 100
	top := (max(h.streams, h.flows)/step + 1) * step
	x := func(i int) int {
		return levelsLeft + (i+1)*(levelsWidth-levelsLeft-levelsRight)/len(levels)
	}
	y := func(n int) int { return levelsHeight - levelsBottom - n*(levelsHeight-levelsTop-levelsBottom)/top }
	text := func(x, y int, anchor, colour, s string) {
		fmt.Fprintf(&p, `<text x="%d" y="%d" text-anchor="%s" fill="%s">%s</text>`+"\n", x, y, anchor, colour, s)
	}
	fmt.Fprintf(&p, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" font-family="sans-serif" font-size="13">`+"\n", levelsWidth, levelsHeight)
	fmt.Fprintf(&p, `<rect width="%d" height="%d" fill="white"/>`+"\n", levelsWidth, levelsHeight)
	text(levelsLeft, 22, "start", "#222", "Streams and flows of a damaged trace")
	for n := 0; n <= top; n += step {
		fmt.Fprintf(&p, `<path d="M%d %dH%d" stroke="#ddd"/>`+"\n", levelsLeft, y(n), levelsWidth-levelsRight)
		text(levelsLeft-8, y(n)+4, "end", "#444", fmt.Sprint(n))
	}
	for i := 9; i < len(levels); i += 10 {
		text(x(i), levelsHeight-levelsBottom+18, "middle", "#444", fmt.Sprint(i+1))
	}
	text((levelsLeft+levelsWidth-levelsRight)/2, levelsHeight-12, "middle", "#222", "minutes")
	line := func(colour, name string, of func(level) int) {
		var d bytes.Buffer
		for i, l := range levels {
			fmt.Fprintf(&d, "%c%d %d", "ML"[min(i, 1)], x(i), y(of(l)))
		}
		fmt.Fprintf(&p, `<path d="%s" fill="none" stroke="%s" stroke-width="2"/>`+"\n", d.String(), colour)
		text(levelsWidth-levelsRight+8, y(of(levels[len(levels)-1]))+4, "start", colour, name)
	}
	line("#b3261e", "streams", func(l level) int { return l.streams })
	line("#1a5fb4", "flows", func(l level) int { return l.flows })
	p.WriteString("</svg>\n")
	return p.Bytes()
}
