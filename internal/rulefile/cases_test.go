package rulefile

import (
	"path/filepath"
	"strings"
	"testing"
)

// right is what must be said of each rule file from public reports, beside the
// project: parts of errors, or of warnings ("warning: ..."). A file without any
// needs none.
var right = map[string][]string{
	"beginner2-a01.srl":        {`:1:67: "10.1.0.1-10.1.0.9" is a range of addresses`},
	"beginner2-a66.srl":        {"VLANid is a number from 0 to 4095", "Priority is a number from 0 to 7", "DSCodePoint is a number from 0 to 63", "ECNCodeBits is a number from 0 to 3"},
	"fdf-f01.srl":              {`warning: values of SourcePeerAddress may hold "."`},
	"lang-01-define-after.srl": {"v4 is defined further down, at "},
	"lang-12-width33.srl":      {":2:25: 10.1.0.5: width /33 is too large: an IPv4 address has 32 bits"},
	"lint-l02.srl":             {"warning: this test can never succeed: the one before it takes every packet"},
	"lint-l03.srl":             {"warning: 10.1/16 lies inside 10.0/8"},
	"lint-l04.srl":             {"warning: saving SourcePeerAddress here has no effect"},
	"lint-l10.srl":             {"warning: 2001:db8::/32 is an IPv6 address, but only IPv4 gets here"},
	"lint-l18.srl":             nil,
	"misc-dsw3.srl":            {"DEFINE web has no ';' at its end"},
	"misc-dsw4.srl":            {"DEFINE servers has no ';' at its end"},
	"misc-fmtempty.srl":        {"an empty separator between ToPDUs and FromPDUs"},
	"misc-fmtunsaved.srl":      {"warning: SourcePeerAddress is in the FORMAT, but nothing saves it"},
	"misc-hosts.rules":         nil,
	"misc-next.rules":          {"warning: no packet ever gets to a Count"},
	"misc-s200.srl":            {"more than 128 saves in one match"},
	"misc-services.rules":      nil,
	"misc-tb.srl":              {"did you mean IGNORE?"},
	"misc-v1.srl":              {"this SAVE would change FlowKind, which is looked at again"},
	"misc-wrongclass.srl":      {":2:22: tcp is an IP protocol, no value of SourcePeerType", ":3:24", ":4:23"},
	"misc-z1.srl":              nil,
}

func TestSharedCases(t *testing.T) {
	files, _ := filepath.Glob(filepath.Join("..", "..", "..", "shared", "cases", "rules", "*"))
	if len(files) == 0 {
		t.Skip("the shared cases are not there: ../shared/cases/rules")
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			want, known := right[filepath.Base(file)]
			f, err := Read("netramet", file)
			if f.Diags == nil && err != nil {
				t.Fatal(err)
			}
			errs, warnings := "", f.Diags.Warnings()
			if err != nil {
				errs = f.Diags.Error()
			}
			refused := false
			for _, part := range want {
				in := warnings
				if !strings.HasPrefix(part, "warning: ") {
					in, refused = errs, true
				}
				if !strings.Contains(in, part) {
					t.Errorf("it does not say %q, but\n%s\n%s", part, errs, warnings)
				}
			}
			if known && !refused && errs != "" {
				t.Errorf("refused:\n%s", errs)
			}
			if known && len(want) == 0 && warnings != "" {
				t.Errorf("warned of:\n%s", warnings)
			}
		})
	}
}
