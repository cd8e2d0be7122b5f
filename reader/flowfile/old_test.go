package flowfile

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"netramet/mib"
	"netramet/reader"
)

// newerFile is as 4.x writes, as far as that is known: years of four digits, an end of
// each data set that names the meter alone, lines of its own kinds.
const newerFile = `##NeTraMet v4.4: -c300 -r rules.lan  meter1 -i eth0  4000 flows  starting at 01:35:00 Mon 21 Mar 2005
#Format: flowruleset flowindex firsttime  sourcepeertype sourcepeeraddress destpeeraddress  topdus frompdus  tooctets fromoctets
#Time: 01:40:00 Mon 21 Mar 2005 meter1 Flows from 1 to 30000
#Ruleset: rules.lan 2 NeMaC
#Stats: aps=15 apb=1 mps=35 mpb=2 lsp=0 avi=95.4
2 2 13  1 192.0.2.0 198.51.100.0  5 4  5000 400
2 3 14  2 2001:db8:0:0:0:0:0:1 2001:db8::2  1 0  60 0
#EndData: meter1
#Time: 01:45:00 Mon 21 Mar 2005 meter1 Flows from 29999 to 60000
2 2 13  1 192.0.2.0 198.51.100.0  7 4  7000 400
`

// filteredFile is a part of what fd_filter writes: differences, under names of their
// own, tabs between.
const filteredFile = "#Format: flowindex\tfirsttime\tflowkind\tsourcepeertype\tsourcepeeraddress\tdestpeeraddress\td_topdus\td_frompdus\td_tooctets\td_fromoctets\n" +
	"#Time: 21:00:15 Fri 13 Dec 2013 ntm1 Flows from 1 to 1000\n" +
	"2\t13\t87\t1\t192.0.2.1\t198.51.100.9\t5\t4\t5000\t400\n" +
	"#EndData: ntm1\n"

func TestOldFiles(t *testing.T) {
	for _, tt := range []struct {
		name, file  string
		ends        bool
		differences bool
		peerTypes   string // of the records in order
		complete    string // of the blocks
	}{
		{"3.x", strings.Replace(oldFile, "#EndData: meter1\n", "", 1), false, false, "151", "--"},
		{"4.x", newerFile, true, false, "121", "+-"},
		{"fd_filter", filteredFile, true, true, "1", "+"},
		{"ours", linesFile[:strings.Index(linesFile, "2 3 1 12")], true, false, "12", "-"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r, err := NewReader(strings.NewReader(tt.file))
			if err != nil {
				t.Fatal(err)
			}
			peers, complete := "", ""
			for {
				c, err := r.NextCollection()
				if err == io.EOF {
					break
				} else if err != nil {
					t.Fatal(err)
				}
				var rec reader.Record
				for {
					if err := r.NextRecord(&rec); err == io.EOF {
						break
					} else if err != nil {
						t.Fatal(err)
					}
					peers += string(rune('0' + rec.PeerType))
					for i, a := range r.Format().Attrs {
						if a == mib.AttrSourcePeerType && rec.Values[i].Num != uint64(rec.PeerType) {
							t.Errorf("peer type %d is written as %d", rec.PeerType, rec.Values[i].Num)
						}
					}
				}
				complete += map[bool]string{true: "+", false: "-"}[c.Complete]
			}
			if peers != tt.peerTypes || complete != tt.complete || r.EndsBlocks() != tt.ends || r.Differences() != tt.differences {
				t.Errorf("peer types %s, complete %s, ends %v, differences %v", peers, complete, r.EndsBlocks(), r.Differences())
			}
		})
	}
}

func TestDifferenceNames(t *testing.T) {
	for _, tt := range []struct {
		in, out string
		is      bool
	}{
		{"flowindex d_topdus d_fromoctets", "flowindex topdus fromoctets", true},
		{"D_ToPDUs", "ToPDUs", true},
		{"flowindex topdus", "flowindex topdus", false},
		{"flowindex id_topdus", "flowindex id_topdus", false},
		{"flowindex d_sourceclass", "flowindex d_sourceclass", false},
	} {
		if out, is := differenceNames(tt.in); out != tt.out || is != tt.is {
			t.Errorf("%s: got %s, %v", tt.in, out, is)
		}
	}
}

// TestNoHeader: a part of a file is read, anything else is not.
func TestNoHeader(t *testing.T) {
	for text, ok := range map[string]bool{"#Format: topdus\n": true, "#Time: x\n": true, "# x\n": false, "1 2 3\n": false, "": false} {
		if _, err := NewReader(bytes.NewReader([]byte(text))); (err == nil) != ok {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// TestWriteDifferences: a file of amounts says so, and is read as that.
func TestWriteDifferences(t *testing.T) {
	var b bytes.Buffer
	h := testHeader()
	h.Amounts = true
	w := NewWriter(&b, h)
	task := reader.Task{RuleSet: 2, Name: "x", Format: format(t, "flowindex topdus fromoctets tolostpdus")}
	rec := reader.Record{RuleSet: 2, Values: []reader.Value{num(1), num(5), num(6), num(7)}}
	if err := put(w, interval(1), []reader.Task{task}, rec); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(b.String(), "\n#Format: flowindex d_topdus d_fromoctets d_tolostpdus\n") {
		t.Errorf("written\n%s", &b)
	}
	r, err := NewReader(&b)
	if err != nil {
		t.Fatal(err)
	}
	var got reader.Record
	if _, err := r.NextCollection(); err != nil {
		t.Fatal(err)
	}
	if err := r.NextRecord(&got); err != nil || !r.Differences() || got.Values[2].Num != 6 || r.Format().Line() != task.Format.Line() {
		t.Errorf("read %+v, %v, differences %v, %s", got, err, r.Differences(), r.Format().Line())
	}
	task.Format = format(t, `flowindex "_" topdus`)
	if err := w.Begin(interval(2), []reader.Task{task}); err == nil || !strings.Contains(err.Error(), "underline") {
		t.Errorf("a separator that hides a name: %v", err)
	}
}
