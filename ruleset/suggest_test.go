package ruleset

import (
	"slices"
	"strings"
	"testing"

	"netramet/mib"
)

func TestMeantAttrs(t *testing.T) {
	for _, tt := range []struct {
		name string
		use  mib.Use
		want string // joined by blanks
	}{
		{"SourceAddress", mib.UseTest, "SourcePeerAddress"},
		{"SourcePort", mib.UseTest, "SourceTransAddress"},
		{"dst_port", mib.UseSave, "DestTransAddress"},
		{"DestinationIP", mib.UseSave, "DestPeerAddress"},
		{"port", mib.UseTest, "SourceTransAddress DestTransAddress"},
		{"PeerAddress", mib.UseTest, "SourcePeerAddress DestPeerAddress"},
		{"SourceProtocol", mib.UseTest, "SourceTransType"},
		{"Source_Peer_Type", mib.UseTest, "SourcePeerType"},
		{"ToBytes", mib.UseRead, "ToOctets"},
		{"FromPackets", mib.UseRead, "FromPDUs"},
		{"bytes", mib.UseRead, "ToOctets FromOctets"},
		{"ToPort", mib.UseTest, "DestTransAddress"},
		{"bytes", mib.UseTest, ""},
		{"SourcePeerAdress", mib.UseTest, "SourcePeerAddress"},
		{"SourcePeerType", mib.UseTest, "SourcePeerType"},
		{"nothing", mib.UseTest, ""},
	} {
		if got := strings.Join(MeantAttrs(tt.name, tt.use), " "); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

// TestRuleHints: the reader of low-level rules offers the same names.
func TestRuleHints(t *testing.T) {
	for _, tt := range []struct{ rules, want string }{
		{"SourcePort & 255 = 1: Count, 0;", "SourceTransAddress"},
		{"SourcePeerType & 255 = ip6: Count, 0;", "ipv6"},
		{"SourceTransType & 255 = TDP: Count, 0;", "tcp or udp"},
		{"Null & 0 = 0: Cuont, 0;", "Count"},
		{"Null & 0 = 0: Gto, 1;", "Goto"},
		{"FORMAT ToBytes; RULES Null & 0 = 0: Count, 0;", "ToOctets"},
		{"RULES Null & 0 = 0: Goto, lasst; last: Null & 0 = 0: Count, 0;", "last"},
	} {
		_, ds, _ := ReadText("r", []byte(tt.rules), ReadOptions{})
		if !slices.ContainsFunc(ds, func(d Diag) bool { return d.Hint == "did you mean "+tt.want+"?" }) {
			t.Errorf("%s: %v", tt.rules, ds)
		}
	}
}
