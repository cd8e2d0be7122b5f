package origin

import (
	"bytes"
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"netramet/mib"
)

func TestNames(t *testing.T) {
	acme := FromName("Acme")
	for _, tt := range []struct {
		name, text, address string
		number              uint32
		want                string
	}{
		{"none", "192.0.2.0/24 64500", "192.0.2.1", 64500, ""},
		{"a name", "192.0.2.0/24 64500 Example", "192.0.2.1", 64500, "Example"},
		{"with blanks", "192.0.2.0/24\t64500 \t Example  Networks & Sons, Ltd. \t", "192.0.2.1", 64500, "Example  Networks & Sons, Ltd."},
		{"of address, length, number", "192.0.2.0 24 64500 Example Ltd", "192.0.2.1", 64500, "Example Ltd"},
		{"UTF-8", "192.0.2.0/24 7 Żółć 株式会社\r\n", "192.0.2.1", 7, "Żółć 株式会社"},
		{"before a comment", "192.0.2.0/24 7 Example # ours", "192.0.2.1", 7, "Example"},
		{"in quotation marks", `192.0.2.0/24 7 "No. #1; the best" # really`, "192.0.2.1", 7, "No. #1; the best"},
		{"a number in quotation marks", `192.0.2.0/24 7 "4711"`, "192.0.2.1", 7, "4711"},
		{"a quotation mark inside", `192.0.2.0/24 7 Joe "the pump" Smith`, "192.0.2.1", 7, `Joe "the pump" Smith`},
		{"behind a set", "192.0.2.0/24 {64500, 64501} Example", "192.0.2.1", 64500, "Example"},
		{"behind several", "192.0.2.0/24 64500_{1 ,2}_3 Example", "192.0.2.1", 64500, "Example"},
		{"behind several without braces", "192.0.2.0/24 64500 , 64501 Example", "192.0.2.1", 64500, "Example"},
		{"on one line of several", "192.0.2.0/24 7\n198.51.100.0/24 7 Example", "192.0.2.1", 7, "Example"},
		{"of several prefixes", "192.0.2.0/24 7 Example\n198.51.100.0/24 7 Example", "198.51.100.1", 7, "Example"},
		{"of several numbers", "192.0.2.0/24 7 Example\n198.51.100.0/24 8 Example", "198.51.100.1", 8, "Example"},
		{"nested", "10.0.0.0/8 1 All\n10.1.0.0/16 2 Some\n10.1.1.0/24 3 One", "10.1.2.1", 2, "Some"},
		{"without a number", "192.0.2.0/24 - Acme", "192.0.2.1", acme, "Acme"},
		{"without a number, twice", "192.0.2.0/24 - Acme\n198.51.100.0/24 - Acme", "198.51.100.1", acme, "Acme"},
		{"the same line twice", "192.0.2.0/24 - Acme\n192.0.2.0/24 - Acme", "192.0.2.1", acme, "Acme"},
		{"the longest", "192.0.2.0/24 7 " + strings.Repeat("x", MaxName), "192.0.2.1", 7, strings.Repeat("x", MaxName)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			table := read(t, tt.text)
			number, _ := table.Lookup(netip.MustParseAddr(tt.address))
			if got := table.Names().Of(number); number != tt.number || got != tt.want {
				t.Errorf("%d %q, want %d %q", number, got, tt.number, tt.want)
			}
			alone, err := ReadNames(strings.NewReader(tt.text), "table")
			if err != nil || alone.Of(number) != tt.want || alone.Len() != table.Names().Len() {
				t.Errorf("names alone: %q, %d, %v", alone.Of(number), alone.Len(), err)
			}
		})
	}
	table := read(t, "192.0.2.0/24 7 Example")
	if n := testing.AllocsPerRun(10, func() { table.Names().Name(mib.AttrDestASN, 7) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
	if name := table.Names().Name(mib.AttrFlowKind, 7); name != "" {
		t.Errorf("a kind is %q", name)
	}
	if (*Names)(nil).Of(1) != "" || (*Names)(nil).Len() != 0 || (*Table)(nil).Names() != nil {
		t.Error("no table has names")
	}
}

func TestNameErrors(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"another name of a number", "10.0.0.0/8 7 One\n\n10.1.0.0/16 7 Two", `table:3: number 7 is "Two" here and "One" in line 1`},
		{"letters count", "10.0.0.0/8 7 One\n10.1.0.0/16 7 one", `table:2: number 7 is "one" here and "One" in line 1`},
		{"with a number and without", "10.0.0.0/8 7 One\n10.1.0.0/16 - One", `table:2: "One" has a number of its own in one of the lines 1 and 2, and - in the other`},
		{"without a number and with", "10.0.0.0/8 - One\n10.1.0.0/16 7 One", `table:2: "One" has a number of its own in one of the lines 1 and 2`},
		{"another's number", fmt.Sprintf("10.0.0.0/8 %d Two\n10.1.0.0/16 - One", FromName("One")), fmt.Sprintf(`table:2: "One" and "Two" of line 1 both have number %d: give one of them a number of its own in place of -`, FromName("One"))},
		{"one prefix of two", "10.0.0.0/8 7 One\n10.0.0.0/8 8 Two", `table:2: 10.0.0.0/8 is 8 "Two" here and 7 "One" in a line before`},
		{"one prefix of two without numbers", "10.0.0.0/8 - One\n10.0.0.0/8 - Two", `"Two" here and `},
		{"one prefix, one name", "10.0.0.0/8 7\n10.0.0.0/8 8 Two", `table:2: 10.0.0.0/8 is 8 "Two" here and 7 in a line before`},
		{"number 0", "10.0.0.0/8 0 One", `table:1: "One": number 0 is of all that are in no prefix`},
		{"neither number nor name", "10.0.0.0/8 -", "table:1: - takes its number from a name, and there is none"},
		{"a comment for a name", "10.0.0.0/8 - # One", "- takes its number from a name"},
		{"a number for a name", "10.0.0.0/8 64500 64501", `table:1: "64501": a name that is a number stands between quotation marks; several systems are written {1,2} or 1_2`},
		{"an empty name", `10.0.0.0/8 7 ""`, `table:1: "" is no name`},
		{"too long", "10.0.0.0/8 7 " + strings.Repeat("x", MaxName+1), `...: a name has at most 127 octets`},
		{"no UTF-8", "10.0.0.0/8 7 caf\xe9", `table:1: "caf\xe9": the name is not UTF-8`},
		{"a tab", "10.0.0.0/8 7 One\tTwo", `table:1: "One\tTwo": the name has a control character in it`},
		{"escape", "10.0.0.0/8 7 \x1b[31mOne", "has a control character in it"},
		{"letters turned round", "10.0.0.0/8 7 One\u202e", "has a control character in it"},
		{"a quotation mark that is not closed", `10.0.0.0/8 7 "One`, `a name that begins with a quotation mark ends with one`},
		{"two pairs of quotation marks", `10.0.0.0/8 7 "One" "Two"`, `and has none in it`},
		{"no number", "10.0.0.0/8 One Two", `table:1: "One" is no number`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := Read(strings.NewReader(tt.text), "table"); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want %q", err, tt.want)
			}
		})
	}
}

// TestFromName keeps the numbers of names, which flow data files hold.
func TestFromName(t *testing.T) {
	for name, want := range map[string]uint32{"Acme": 3797855215, "a": 3555641996} {
		if got := FromName(name); got != want {
			t.Errorf("%q: %d, want %d", name, got, want)
		}
	}
	for i := range 10_000 {
		if n := FromName(fmt.Sprint(i)); n < 1_000_000_000 || n >= 4_000_000_000 {
			t.Fatalf("%d: %d", i, n)
		}
	}
}

// TestNamesBound: names may have so many octets in all, and no more.
func TestNamesBound(t *testing.T) {
	if testing.Short() {
		t.Skip("short: no table of 64 MiB of names")
	}
	var text bytes.Buffer
	for i := range maxNames/MaxName + 1 {
		fmt.Fprintf(&text, "2001:db8:%x:%x::/64 %d %0*d.\n", i>>16, i&0xffff, i+1, MaxName-1, i)
	}
	_, err := ReadNames(&text, "table")
	if want := fmt.Sprintf("the names have more than %d octets", maxNames); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("error %v, want %q", err, want)
	}
}
