package table

import (
	"strings"
	"testing"

	"netramet/mib"
)

func TestParseKey(t *testing.T) {
	for _, tt := range []struct {
		text string
		want Key
		err  string
	}{
		{"octets", Key{By: ByOctets}, ""}, {"PDUs", Key{By: ByPDUs}, ""}, {"rate", Key{By: ByRate}, ""},
		{"to_octets", Key{ByAttribute, mib.AttrToOctets}, ""}, {"FromPDUs", Key{ByAttribute, mib.AttrFromPDUs}, ""},
		{"source_peer_address", Key{ByAttribute, mib.AttrSourcePeerAddress}, ""}, {"flowkind", Key{ByAttribute, mib.AttrFlowKind}, ""},
		{"first_time", Key{ByAttribute, mib.AttrFirstTime}, ""}, {"last_time", Key{ByAttribute, mib.AttrLastActiveTime}, ""}, {"flow_index", Key{ByAttribute, mib.AttrFlowIndex}, ""},
		{"meter_start", Key{}, "is not"},
		{"octes", Key{}, "did you mean octets?"}, {"source_peer_adress", Key{}, "did you mean source_peer_address?"},
		{"xyzzy", Key{}, `"xyzzy" is not octets, pdus, rate or an attribute`}, {"", Key{}, "is not"},
		{"ToPacketSize", Key{}, "is a distribution"}, {"V1", Key{}, "cannot be read from a flow"}, {"MatchingStoD", Key{}, "cannot be read"},
	} {
		got, err := ParseKey(tt.text)
		switch {
		case tt.err == "" && (err != nil || got != tt.want):
			t.Errorf("%q: %v, error %v", tt.text, got, err)
		case tt.err != "" && (err == nil || !strings.Contains(err.Error(), tt.err)):
			t.Errorf("%q: error %v, want %q", tt.text, err, tt.err)
		}
	}
}

// TestKeyNames: each attribute that a flow has may be a key, by the name that its
// column has.
func TestKeyNames(t *testing.T) {
	for _, a := range mib.Attrs() {
		if !a.Is(mib.UseRead) || a.IsDistribution() {
			continue
		}
		k := Key{ByAttribute, a}
		if k.String() != strings.ToLower(k.String()) || strings.Contains(k.String(), "p_d_u") {
			t.Errorf("%s is %q", a, k)
		}
		if got, err := ParseKey(k.String()); err != nil || got != k {
			t.Errorf("%s: key %q is read as %v, error %v", a, k, got, err)
		}
	}
}
