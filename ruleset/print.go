package ruleset

import (
	"bufio"
	"fmt"
	"io"
	"net/netip"
	"strconv"
	"strings"

	"netramet/mib"
)

// maxColumn is how far the columns of printed rules are lined up; a longer
// value shifts its own line only.
const maxColumn = 20

// Print writes rs in the low-level language. ReadText reads it back as an
// equal rule set, octet for octet, if rs has no errors (Validate). Targets
// become labels or Next; a comment gives each rule's number. The error names
// what the language cannot say: an unknown attribute or action, a name or
// separator with control characters; or it is w's.
func Print(w io.Writer, rs *RuleSet) error {
	b := bufio.NewWriter(w)
	if err := printHead(b, rs); err != nil {
		return fmt.Errorf("ruleset: print: %w", err)
	}
	if err := printRules(b, rs.Rules); err != nil {
		return fmt.Errorf("ruleset: print: %w", err)
	}
	if rs.Format != nil {
		err := rs.Format.check()
		if err == nil {
			_, _, err = rs.Format.Judge()
		}
		if err != nil {
			return fmt.Errorf("ruleset: print: %w", err)
		}
		b.WriteString(rs.Format.statement())
	}
	return b.Flush() // holds the first error of all writes
}

func printHead(b *bufio.Writer, rs *RuleSet) error {
	if _, err := checkName(rs.Name); err != nil {
		return err
	}
	if n := rs.Number; n != 0 && (n < 2 || n > MaxNumber) {
		return fmt.Errorf("rule set number %d is not within 2 to %d", n, MaxNumber)
	}
	switch number := strconv.Itoa(rs.Number); {
	case rs.Number != 0 && rs.Name == number:
		fmt.Fprintf(b, "SET %s;\n", number)
	case rs.Number != 0:
		fmt.Fprintf(b, "SET %s %s;\n", number, Quote(rs.Name))
	case isPlainName(rs.Name):
		fmt.Fprintf(b, "SET %s;\n", rs.Name)
	case rs.Name != "":
		fmt.Fprintf(b, "SET %s;\n", Quote(rs.Name))
	}
	switch {
	case rs.Optimise < -1 || rs.Optimise > 2:
		return fmt.Errorf("OPTIMISE %d: the levels are 0, 1 and 2", rs.Optimise)
	case rs.Optimise >= 0:
		fmt.Fprintf(b, "OPTIMISE %d;\n", rs.Optimise)
	}
	if rs.Statistics {
		b.WriteString("STATISTICS;\n")
	}
	return nil
}

// isPlainName reports whether name is one word that is no number.
func isPlainName(name string) bool {
	if name == "" || name[0]|0x20 < 'a' || name[0]|0x20 > 'z' {
		return false
	}
	for i := 0; i < len(name); i++ {
		if !isWordOctet(name[i]) {
			return false
		}
	}
	return true
}

// ruleText is a rule's parts as text.
type ruleText struct{ label, attr, mask, value, action string }

func printRules(b *bufio.Writer, rules []Rule) error {
	if len(rules) == 0 {
		return nil
	}
	if len(rules) > MaxRules {
		return fmt.Errorf("%d rules are more than %d", len(rules), MaxRules)
	}
	labelled := make([]bool, len(rules)+1)
	for i := range rules {
		if r := &rules[i]; r.Action.Goes() && int(r.Parameter) != i+2 && int(r.Parameter) <= len(rules) {
			labelled[r.Parameter] = true
		}
	}
	labelled[0] = false
	texts := make([]ruleText, len(rules))
	var width ruleWidths
	for i := range rules {
		if err := texts[i].set(i+1, &rules[i], labelled); err != nil {
			return err
		}
		width.fit(&texts[i])
	}
	b.WriteString("RULES\n")
	for i := range texts {
		t := &texts[i]
		fmt.Fprintf(b, "%-*s %-*s & %-*s = %-*s %-*s  # %d\n",
			width.label, t.label, width.attr, t.attr, width.mask, t.mask,
			width.value, t.value+":", width.action, t.action+";", i+1)
	}
	return nil
}

type ruleWidths struct{ label, attr, mask, value, action int }

func (w *ruleWidths) fit(t *ruleText) {
	w.label = max(w.label, len(t.label))
	w.attr = max(w.attr, len(t.attr))
	w.mask = max(w.mask, min(maxColumn, len(t.mask)))
	w.value = max(w.value, min(maxColumn, len(t.value)+1))
	w.action = max(w.action, len(t.action)+1)
}

// set makes the text of rule n. A target without a label is no rule's number.
func (t *ruleText) set(n int, r *Rule, labelled []bool) error {
	if _, ok := mib.Info(r.Selector); !ok {
		return fmt.Errorf("rule %d: there is no attribute %d", n, r.Selector)
	}
	if !r.Action.Valid() {
		return fmt.Errorf("rule %d: there is no action %d", n, r.Action)
	}
	if labelled[n] {
		t.label = "L" + strconv.Itoa(n) + ":"
	}
	t.attr = r.Selector.String()
	t.mask, t.value = r.maskText(), r.valueText()
	par := strconv.Itoa(int(r.Parameter))
	switch {
	case !r.Action.Goes():
	case int(r.Parameter) == n+1:
		par = "Next"
	case int(r.Parameter) < len(labelled) && labelled[r.Parameter]:
		par = "L" + par
	}
	t.action = r.Action.String() + ", " + par
	return nil
}

// The notations of addresses and numbers. Each names the value exactly; the
// choice only makes it easy to read.

func (r *Rule) maskText() string {
	m := &r.Mask
	bits, leading := m.Width()
	switch a := r.Selector; {
	case leading && bits > 32 && (FillSize(a) != 6 || bits > 48):
		return "/" + strconv.Itoa(bits)
	case a == mib.AttrSourcePeerAddress || a == mib.AttrDestPeerAddress:
		return peerText(m, m.Last() <= 4)
	case (a == mib.AttrSourceTransAddress || a == mib.AttrDestTransAddress) && m.Last() != 0 && m.Last() <= 2:
		return dotted(m, 2)
	}
	return r.plainText(m)
}

func (r *Rule) valueText() string {
	v := &r.Value
	switch r.Selector {
	case mib.AttrSourcePeerAddress, mib.AttrDestPeerAddress:
		// A mask for any address says nothing about this one's family; others
		// do not go beyond the value.
		long := r.Mask != FullMask(r.Selector) && r.Mask.Last() > 4
		if long && r.Mask.Last() > 16 && !v.IsZero() {
			return dotted(v, mib.MaxAddress)
		}
		return peerText(v, v.Last() <= 4 && !long)
	}
	if r.Selector.IsVariable() {
		size := v.Last()
		if n := r.Mask.Last(); n <= 16 && size > 0 { // else the mask is for any address
			size = max(size, n)
		}
		_, known := mib.Info(mib.Attr(v[0]))
		switch {
		case r.Assigns() && size <= 1 && known:
			return mib.Attr(v[0]).String()
		case size > 4 && size <= 6: // most likely a MAC address
			return hyphened(v, 6)
		case size > 6:
			return peerText(v, false)
		}
	}
	return r.plainText(v)
}

// peerText is a peer address: dotted, or IPv6 text.
func peerText(o *Octets, short bool) string {
	switch {
	case o.IsZero():
		return "0"
	case short:
		return dotted(o, 4)
	case o.Last() <= 16:
		return netip.AddrFrom16([16]byte(o[:16])).String()
	}
	return dotted(o, o.Last())
}

// plainText is a mask or value in the notation of its attribute.
func (r *Rule) plainText(o *Octets) string {
	last, fill := o.Last(), FillSize(r.Selector)
	switch {
	case last == 0:
		return "0"
	case last > fill:
	case r.Selector.IsDistribution():
		return fmt.Sprintf("%d.%d.%d!%d", o[0], o[1], int(o[2])<<8|int(o[3]), int(o[4])<<8|int(o[5]))
	case fill == 6:
		return hyphened(o, fill)
	case fill <= 4:
		n := uint32(0)
		for _, c := range o[:fill] {
			n = n<<8 | uint32(c)
		}
		return strconv.FormatUint(uint64(n), 10)
	}
	return dotted(o, max(2, last))
}

// dotted writes the first n octets of o in decimal; n is at least 2, since a
// single number means something else.
func dotted(o *Octets, n int) string {
	var b strings.Builder
	for i, c := range o[:n] {
		if i > 0 {
			b.WriteByte('.')
		}
		b.WriteString(strconv.Itoa(int(c)))
	}
	return b.String()
}

func hyphened(o *Octets, n int) string {
	return strings.ReplaceAll(fmt.Sprintf("% X", o[:n]), " ", "-")
}

// statement is f as a FORMAT statement, in lines of moderate length.
func (f *Format) statement() string {
	var b strings.Builder
	b.WriteString("FORMAT")
	column := b.Len()
	put := func(item string) {
		if column+1+len(item) > 76 {
			b.WriteString("\n  ")
			column = 2
		}
		b.WriteString(" " + item)
		column += 1 + len(item)
	}
	for i, a := range f.Attrs {
		if sep := f.Seps[i]; i > 0 && sep != " " || i == 0 && sep != "" {
			put(Quote(sep))
		}
		put(a.String())
	}
	if sep := f.Seps[len(f.Attrs)]; sep != "" {
		put(Quote(sep))
	}
	b.WriteString(";\n")
	return b.String()
}
