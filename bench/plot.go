//go:build linux

package main

import (
	"bytes"
	"fmt"
	"math"
)

// The plot, in pixels.
const (
	plotWidth, plotHeight = 720, 420
	plotLeft, plotRight   = 70, 150 // margins
	plotTop, plotBottom   = 50, 60
)

// plot maps values to pixels: flows by their logarithm, ns as they are.
type plot struct {
	bytes.Buffer
	fromFlows, toFlows float64 // powers of ten
	top                float64 // ns
}

// drawCost draws what a packet costs against the number of flows; there must be
// at least one such cost.
func drawCost(costs []cost) []byte {
	p := &plot{fromFlows: math.Inf(1), toFlows: math.Inf(-1)}
	for _, c := range costs {
		e := math.Log10(float64(c.Flows))
		p.fromFlows, p.toFlows = min(p.fromFlows, math.Floor(e)), max(p.toFlows, math.Ceil(e))
		p.top = max(p.top, c.Bare, c.Ours)
	}
	if p.toFlows <= p.fromFlows {
		p.toFlows = p.fromFlows + 1
	}
	fmt.Fprintf(p, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" font-family="sans-serif" font-size="13">`+"\n", plotWidth, plotHeight)
	fmt.Fprintf(p, `<rect width="%d" height="%d" fill="white"/>`+"\n", plotWidth, plotHeight)
	p.text(plotLeft, 26, "start", "#222", "CPU time of a packet against the number of flows (whole process)")
	p.axes()
	p.line(costs, "#b3261e", "netramet, 1 lane", func(c cost) float64 { return c.Ours })
	p.line(costs, "#1a5fb4", "bare loop", func(c cost) float64 { return c.Bare })
	p.WriteString("</svg>\n")
	return p.Bytes()
}

func (p *plot) x(flows float64) float64 {
	return plotLeft + (math.Log10(flows)-p.fromFlows)/(p.toFlows-p.fromFlows)*(plotWidth-plotLeft-plotRight)
}

func (p *plot) y(ns float64) float64 {
	return plotHeight - plotBottom - ns/p.top*(plotHeight-plotTop-plotBottom)
}

func (p *plot) text(x, y float64, anchor, colour, s string) {
	fmt.Fprintf(p, `<text x="%.0f" y="%.0f" text-anchor="%s" fill="%s">%s</text>`+"\n", x, y, anchor, colour, s)
}

// axes draws a grid with round numbers, and makes room up to the next one.
func (p *plot) axes() {
	step := roundStep(p.top / 5)
	p.top = step * math.Ceil(p.top/step)
	for ns := 0.0; ns <= p.top+step/2; ns += step {
		fmt.Fprintf(p, `<path d="M%d %.1fH%d" stroke="#ddd"/>`+"\n", plotLeft, p.y(ns), plotWidth-plotRight)
		p.text(plotLeft-8, p.y(ns)+4, "end", "#444", fmt.Sprintf("%g", ns))
	}
	for e := p.fromFlows; e <= p.toFlows; e++ {
		x := p.x(math.Pow(10, e))
		fmt.Fprintf(p, `<path d="M%.1f %dV%d" stroke="#ddd"/>`+"\n", x, plotTop, plotHeight-plotBottom)
		p.text(x, plotHeight-plotBottom+20, "middle", "#444",
			fmt.Sprintf(`10<tspan dy="-5" font-size="10">%g</tspan>`, e))
	}
	p.text((plotLeft+plotWidth-plotRight)/2, plotHeight-16, "middle", "#222", "flows")
	p.text(plotLeft-8, plotTop-14, "end", "#222", "ns")
}

// roundStep is the least of 1, 2 and 5 times a power of ten that is not under s.
func roundStep(s float64) float64 {
	if s <= 0 {
		return 1
	}
	power := math.Pow(10, math.Floor(math.Log10(s)))
	for _, m := range []float64{1, 2, 5} {
		if m*power >= s {
			return m * power
		}
	}
	return 10 * power
}

func (p *plot) line(costs []cost, colour, name string, of func(cost) float64) {
	var d bytes.Buffer
	var x, y float64
	for i, c := range costs {
		x, y = p.x(float64(c.Flows)), p.y(of(c))
		fmt.Fprintf(&d, "%c%.1f %.1f", "ML"[min(i, 1)], x, y)
		fmt.Fprintf(p, `<circle cx="%.1f" cy="%.1f" r="4" fill="%s"/>`+"\n", x, y, colour)
	}
	fmt.Fprintf(p, `<path d="%s" fill="none" stroke="%s" stroke-width="2"/>`+"\n", d.String(), colour)
	p.text(x+10, y+4, "start", colour, name)
}
