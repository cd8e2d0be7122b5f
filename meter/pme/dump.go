package pme

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"strings"

	"netramet/mib"
)

// Dump writes the program as Match runs it, for those who look for its speed: a
// line for each rule with its test, what it pushes or assigns, and where it goes,
// and the hash groups that runs of rules became.
func (p *Program) Dump(w io.Writer) error {
	out := bufio.NewWriter(w) // it keeps the first error of a write
	fmt.Fprintf(out, "rule set %d: %d rules, at most %d steps for a match, %d hash groups\n",
		p.number, len(p.code), p.maxSteps, len(p.groups.groups))
	for i := range p.code {
		fmt.Fprintf(out, "%6d  %-42s  %s\n", i+1, p.testText(i), p.actionText(&p.code[i]))
	}
	return out.Flush()
}

// testText is the test of a rule: the register, mask and value.
func (p *Program) testText(i int) string {
	in := &p.code[i]
	switch in.test {
	case testNone:
		return "always"
	case testNever:
		return "never"
	}
	what := registerName(in.reg)
	if in.vr != 0 {
		what = fmt.Sprintf("what V%d names", in.vr)
	}
	text := fmt.Sprintf("%s & %s == %s", what, wordsText(in.mask, in.mask), wordsText(in.value, in.mask))
	if in.test != testGroup {
		return text
	}
	g := p.groups.groups[in.group]
	return fmt.Sprintf("group %d of %d rules: %s", in.group, int(g.after)-i, text)
}

// actionText is what a rule does when its test succeeds.
func (p *Program) actionText(in *instr) string {
	text := in.action.String()
	if in.save != 0 {
		what := "the packet's"
		if in.save&saveRule != 0 {
			what = "the rule's"
		}
		if a := mib.Attr(in.save); a != 0 {
			text += fmt.Sprintf(" saves %s %v", what, a)
		} else {
			text += " saves " + what + " value"
		}
	}
	switch in.action {
	case mib.ActionCount, mib.ActionCountPkt, mib.ActionIgnore, mib.ActionNoMatch:
	case mib.ActionReturn:
		text += fmt.Sprintf(", back and %d on", in.next)
	default:
		text += fmt.Sprintf(", to %d", in.next+1)
	}
	if !in.on {
		text += " without its test"
	}
	return text
}

// registerName is the attribute that a register holds; of a pair of types, the
// source's.
func registerName(reg uint8) string {
	if reg == regZero {
		return "nothing"
	}
	for _, a := range mib.Attrs() {
		if registers[a] == reg {
			return a.String()
		}
	}
	return fmt.Sprintf("register %d", reg)
}

// wordsText prints octets up to the last that the mask looks at.
func wordsText(words, mask [3]uint64) string {
	var b, m [24]byte
	for i := range words {
		binary.LittleEndian.PutUint64(b[8*i:], words[i])
		binary.LittleEndian.PutUint64(m[8*i:], mask[i])
	}
	return fmt.Sprintf("%x", b[:len(strings.TrimRight(string(m[:]), "\x00"))])
}
