package columns

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"netramet/internal/golden"
)

// page is where the table is shown to users.
const page = "../../docs/columns.md"

const pageHead = `# Columns of CSV and JSON Lines

What ` + "`--to csv:FILE` and `--to jsonl:FILE`" + ` write: [outputs.md](outputs.md). A file says in its first
column, ` + "`schema`" + `, by which table it was written; this is number %d. IPFIX elements are IANA's; with "r"
they are those of RFC 5103 for the other direction. ECS and OTel are the names that ` + "`--names`" + ` gives;
without one the column keeps its own. Beside a counter stands its amount, as ` + "`to_octets_amount`" + `.
`

// pageBeside is what stands beside these columns.
const pageBeside = `
## Beside these

| column | type | what |
|---|---|---|
| ` + "`%s`" + ` | %s | %s; null for flows of other protocols. It is there if the rule set saves both addresses, the protocol and both ports whole, and FORMAT has them. ECS has it as ` + "`%s`" + ` |
| a counter's name and ` + "`_amount`" + ` | number | what was added in the interval, as ` + "`to_octets_amount`" + ` |
| the name of a class or kind and ` + "`_char`" + ` | text | its number as a letter, where it is one, as ` + "`flow_kind_char`" + ` |
| a system's name and ` + "`_name`" + ` | text | what ` + "`--prefixes`" + ` calls it, as ` + "`source_asn_name`" + ` |
| a distribution's name and ` + "`_limits`" + ` | numbers | the upper limits of its buckets; its last count, that of larger values, has none |
| ` + "`interval_last`" + ` | bool | the last one of CSV: true in the last row of a collection |
| ` + "`type`" + ` | text | the first one of JSON Lines: ` + "`flow`, `interval` or `aborted`" + ` |
`

// TestPage holds the page against the table.
func TestPage(t *testing.T) {
	var b strings.Builder
	fmt.Fprintf(&b, pageHead, Schema)
	every, attrs := All()
	for _, part := range []struct {
		head string
		list []Column
	}{{"In every row", every}, {"Of attributes", attrs}} {
		fmt.Fprintf(&b, "\n## %s\n\n| column | type | unit | IPFIX | ECS | OTel | what |\n|---|---|---|---|---|---|---|\n", part.head)
		for i := range part.list {
			c := &part.list[i]
			fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s | %s | %s |\n", c.Name, c.Type, c.Unit, c.IPFIX.text(), code(c.ECS), code(c.OTel), c.About)
		}
	}
	id := &communityColumn
	fmt.Fprintf(&b, pageBeside, id.Name, id.Type, id.About, id.ECS)
	if golden.Update() {
		if err := os.WriteFile(page, []byte(b.String()), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != b.String() {
		t.Errorf("%s is not what the table says: write it with -update", page)
	}
}

func (x IPFIX) text() string {
	switch {
	case x.Element == 0:
		return ""
	case x.IPv6 != 0:
		return fmt.Sprintf("%d, %d", x.Element, x.IPv6)
	case x.Reverse:
		return fmt.Sprintf("%d r", x.Element)
	}
	return fmt.Sprint(x.Element)
}

func code(s string) string {
	if s == "" {
		return ""
	}
	return "`" + s + "`"
}
