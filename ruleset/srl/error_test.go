package srl

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"netramet/mib"
	"netramet/ruleset"
)

// diagTests: source, and the messages it must give, in order, each as
// "line:column: [warning: ]text | hint", text and hint being parts of theirs.
var diagTests = []struct {
	name string
	src  string
	want []string
}{
	{"10/8", "if SourcePeerType == 1 save;\nsave DestPeerAddress = 10/8; count;",
		[]string{"2:24: bits outside its mask | 10.0/8"}},
	{"bits behind the width", "if SourcePeerType == 1 && SourcePeerAddress == 130.216.5/16 count;",
		[]string{"1:48: 130.216.5 has bits outside its mask | behind the first 16"}},
	{"bits outside a mask", "if SourceTransAddress == 1025 & 255 count;", []string{"1:26: outside its mask | zero in the value"}},
	{"129 saves", strings.Repeat("save SourcePeerType;\n", 129) + "count;", []string{"129:1: more than 128 saves in one match: the meter stops it here | one attribute"}},
	{"129 saves of some packets", "if SourcePeerType == 1 {\n" + strings.Repeat("store FlowKind := 1;\n", 129) + "}\ncount;", []string{"130:1: more than 128 saves in one match"}},
	{"129 saves with subroutines", "call s()\nendcall;\nsave DestPeerType;\ncount;\nsubroutine s () " + strings.Repeat("save SourcePeerType;\n", 128) + "return;\nendsub;",
		[]string{"3:1: more than 128 saves in one match"}},
	{"129 saves of a condition", "if SourcePeerType == 1" + strings.Repeat(" && SourcePeerType == 1", 128) + " save; count;", []string{"1:2948: more than 128 saves in one match"}},
	{"128 saves", strings.Repeat("save SourcePeerType;\n", 128) + "count;", nil},
	{"129 saves on different ways", "if SourcePeerType == 1 {\n" + strings.Repeat("store FlowKind := 1;\n", 70) + "} else {" + strings.Repeat("store FlowKind := 1;\n", 70) + "}\ncount;", nil},
	{"129 saves of which one succeeds", manyPorts(200), nil},
	{"129 saves that may all succeed", strings.Repeat("if DestTransAddress == 80 save;\n", 129) + "count;", []string{"129:4: warning: more than 128 saves in one match are possible"}},
	{"too large a number", "if SourceTransType == 300 count;", []string{"1:23: 300 is too large for the one octet"}},
	{"too many octets", "if SourceTransAddress == 1.2.3.4 count;", []string{"1:26: 4 octets are more than the 2"}},
	{"too wide", "if SourceTransAddress == 0/17 count;", []string{"1:26: width /17 is too large: SourceTransAddress has 16"}},
	{"huge width", "save SourcePeerAddress /99999; count;", []string{"1:25: 0 to 160"}},
	{"character for a port", "if SourceTransAddress == 'W' count;", []string{"1:26: a character constant is one octet"}},
	{"bad octet", "if SourceTransAddress == 256.1 count;", []string{"1:26: not a decimal octet"}},
	{"trailing dot", "if SourceTransAddress == 12. count;", []string{"1:26: | last field"}},
	{"unknown attribute", "if SourcePerType == 1 count;", []string{"1:4: 'sourcepertype' is no attribute | SourcePeerType"}},
	{"meter variable", "if V1 == 1 count;", []string{"1:4: 'v1' is no attribute | parameters of subroutines"}},
	{"rule set number", "if FlowRuleSet == 1 count;", []string{"1:4: FlowRuleSet cannot be tested | one rule set"}},
	{"counter", "if ToOctets == 1 count;", []string{"1:4: ToOctets cannot be tested | FORMAT"}},
	{"direction saved", "if MatchingStoD == 1 save; count;", []string{"1:4: MatchingStoD cannot be saved | of its own"}},
	{"range of ports", "if SourceTransAddress == 80-90 count;", []string{"1:26: warning: 80-90 is no range, it is the hexadecimal number 32912 | no ranges"}},
	{"hexadecimal port", "if SourceTransAddress == (1F-90, 00-50, 90-80) count;", nil},
	{"hexadecimal mask", "save SourceTransAddress & 10-20; count;", nil},
	{"a list behind in", "if SourceTransAddress in (80, 443) count;", []string{"1:23: expected '==' after SourceTransAddress | a list of values stands in parentheses"}},
	{"an attribute alone", "if MatchingStoD save; count;", []string{"1:17: expected '==' after MatchingStoD"}},
	{"an IPv6 address in brackets", "if SourcePeerAddress == [2001:db8::1] count;", []string{"1:25: '[' is no sign | an IPv6 address has no brackets", "1:37: ']' is no sign"}},
	{"a list in brackets", "if SourceTransAddress == [80, 443] count;", []string{"1:26: '[' is no sign | a list of values", "1:34: ']' is no sign"}},
	{"a letter without quotation marks", "store FlowKind := W; count;", []string{"1:19: 'w' is not defined | a character stands in single quotation marks, as 'W'"}},
	{"a range with dots", "if DestTransAddress == 6000..6063 count;", []string{"1:24: | no ranges"}},
	{"a range with a colon", "if DestTransAddress == 6000:6063 count;", []string{"1:24: | no ranges"}},
	{"a width and a mask", "if SourcePeerAddress == 10.0.0.0/8 & 255.0.0.0 count;", []string{"1:36: unexpected '&' | a width or a mask, not both"}},
	{"two widths", "if SourcePeerAddress == 10.0.0.0/8/16 count;", []string{"1:35: unexpected '/' | a width or a mask, not both"}},
	{"two widths of a SAVE", "save SourcePeerAddress/24/32; count;", []string{"1:26: unexpected '/' in a SAVE statement | a width or a mask, not both"}},
	{"a mask by its name", "save SourcePeerAddress mask 255.255.255.0; count;", []string{"1:24: unexpected 'mask' in a SAVE statement | a mask is written &"}},
	{"a mask by its name in a test", "if SourcePeerAddress == 10.0.0.0 mask 255.0.0.0 count;", []string{"1:34: 'mask' is no statement | a mask is written &"}},
	{"a word for IGNORE", "if SourcePeerType == 1 discard; count;", []string{"1:24: 'discard' is no statement | IGNORE"}},
	{"a word for COUNT", "if SourcePeerType == 1 accept; ignore;", []string{"1:24: 'accept' is no statement | COUNT"}},
	{"one parameter", "call s (SourcePeerAddress, FlowKind) endcall; count;\nsubroutine s (address a) save a; return; endsub;", []string{"1:6: subroutine s has 1 parameter, this CALL gives 2"}},
	{"direction 2", "if MatchingStoD == 2 count;", []string{"1:20: MatchingStoD is a number from 0 to 1, it is never 2"}},
	{"values no packet has", "if VLANid == 5000 save, count; if Priority == 8 count; if DSCodePoint == (1, 64) count; if ECNCodeBits == 4 count; if SourcePrefix == 129 count; ignore;",
		[]string{"1:14: VLANid is a number from 0 to 4095, it is never 5000", "1:47: Priority is a number from 0 to 7", "1:78: DSCodePoint is a number from 0 to 63", "1:107: ECNCodeBits is a number from 0 to 3", "1:135: SourcePrefix is a number from 0 to 128"}},
	{"values no packet has, masked", "if VLANid == 4096 & 61440 count; if DSCodePoint == 128/2 count; save Priority = 8; count;",
		[]string{"1:14: it is never 4096", "1:52: it is never 128", "1:81: it is never 8"}},
	{"values packets have", "if VLANid == (4095, 256 & 3840) count; if DSCodePoint == (63, 32/3) count; if ECNCodeBits == 3 count; if Priority == 7 count; if SourcePrefix == 128 count;", nil},
	{"values no packet has, by parameter", "call s (VLANid) endcall; count;\nsubroutine s (address a)\nif a == 5000 save;\nreturn; endsub;", []string{"3:9: called with VLANid: VLANid is a number from 0 to 4095"}},
	{"a saved part of a variable", "store FlowKind := 7;\nif FlowKind == 4 & 4 save;\nif FlowKind == 7 count;", []string{"2:4: this SAVE would change FlowKind, which is looked at again at diag.srl:3 | save FlowKind;"}},
	{"a saved part of a variable in one condition", "store FlowKind := 7;\nif FlowKind == 4/6 && FlowKind == 7 save, count;", []string{"2:4: would change FlowKind, which is looked at again at diag.srl:2"}},
	{"a saved part of a variable in a list", "if SourceKind == (1, 4/6) save;\nsave SourceKind; count;", []string{"1:4: would change SourceKind"}},
	{"SAVE of a part of a variable", "store FlowKind := 7;\nsave FlowKind & 4;\nif FlowKind == 7 count;", []string{"2:1: would change FlowKind"}},
	{"SAVE of a width of a variable", "store FlowKind := 7; save FlowKind/4; if FlowKind == 7 count;", []string{"1:22: would change FlowKind"}},
	{"SAVE of a variable with a value", "store FlowKind := 7; save FlowKind = 3; if FlowKind == 7 count;", []string{"1:22: would change FlowKind | store FlowKind :="}},
	{"SAVE of a variable before a CALL", "save FlowKind = 3; call s (FlowKind) endcall; count;\nsubroutine s (variable v) if v == 3 count; return; endsub;", []string{"1:1: would change FlowKind"}},
	{"SAVE of a variable that a subroutine looks at", "save FlowKind = 3; call s () endcall; count;\nsubroutine s () if FlowKind == 3 count; return; endsub;", []string{"1:1: would change FlowKind, which is looked at again at diag.srl:2"}},
	{"SAVE by parameter", "call s (FlowKind) endcall; if FlowKind == 1 count;\nsubroutine s (variable v)\nsave v & 1; return; endsub;", []string{"3:1: this SAVE would change v"}},
	{"SAVEs that change nothing", "store FlowKind := 7; if FlowKind == (7, 8) save; save FlowKind; save FlowKind/8; if FlowKind == 7 count;", nil},
	{"SAVEs that nobody sees", "if FlowKind == 0 { save FlowKind = 3; save SourceKind/4; count; }", nil},
	{"empty separator", "format ToPDUs \"\" FromPDUs;\ncount;", []string{"1:8: an empty separator between ToPDUs and FromPDUs | one space"}},
	{"separators that values hold", "format SourcePeerAddress \".\" DestPeerAddress; save SourcePeerAddress; save DestPeerAddress; count;", []string{"1:8: warning: values of SourcePeerAddress may hold \".\" | comma"}},
	{"separator of digits", "format ToPDUs \"0 \" FromPDUs; count;", []string{"1:8: begins or ends with a letter or digit | one space"}},
	{"a name as a mask", "include \"standard.srl\";\nif SourcePeerType == 1 & tcp count;\nsave SourcePeerAddress & www;\nif DestTransType == 1 & icmp count; count;", []string{
		"2:22: tcp is an IP protocol, no value of SourcePeerType | SourceTransType", "3:26: www is a port, no value of SourcePeerAddress | TransAddress"}},
	{"separator of letters", "save SourcePeerType;\nformat SourcePeerType\n\"x\" ToPDUs; count;", []string{"2:8: the separator \"x\" holds"}},
	{"separator with a name", "format FromPDUs\n ToPDUs \" flowkind \" ToOctets; count;", []string{"2:2: the separator \" flowkind \" holds an attribute's name"}},
	{"separator of MAC addresses", "format SourceAdjacentAddress \"-\" ToPDUs; save SourceAdjacentAddress; count;", []string{"1:8: warning: may hold \"-\""}},
	{"separators that stand out", "format \"\" ToPDUs \"-\" FromPDUs \" - \" SourcePeerAddress \"-\" ToOctets \",\" \"\" FromOctets \" 0\"; save SourcePeerAddress; count;", nil},
	{"too large a port", "if DestTransAddress == 70000 count; store FlowKind := 256; count;", []string{"1:24: 70000 is too large", "1:55: 256 is too large"}},
	{"width over IPv4", "if SourcePeerType == 1 save; if SourcePeerAddress == 10.1.0.5/33 count; if SourcePeerAddress == (10.2, 10.1/40) count; save DestPeerAddress = 10.1.0.5/128; count;",
		[]string{"1:54: 10.1.0.5: width /33 is too large: an IPv4 address has 32 bits", "1:104: /40 is too large", "1:143: /128 is too large"}},
	{"width over IPv6", "if SourcePeerType == 2 save; if SourcePeerAddress == 2001:db8::/129 count;", []string{"1:54: /129 is too large: an IPv6 address has 128"}},
	{"width of all IPv6", "if SourcePeerType == 2 save; else ignore; if SourcePeerAddress == 2001:db8::/128 count;", nil},
	{"width over IPX", "if SourcePeerType == 11 save; if SourcePeerAddress == 00-00-00-01-00-60-97-00-00-00/81 count;", []string{"1:55: /81 is too large: an address of 10 octets has 80"}},
	{"mask longer than the address", "if SourcePeerType == 1 save; if SourcePeerAddress == 10.1.0.5 & 255.255.255.255.255 count;", []string{"1:54: /40 is too large: an IPv4 address has 32"}},
	{"widths that fit", "if SourcePeerType == 1 save; else ignore; if SourcePeerAddress == (10.1.0.5/32, 10.1.0.6/160) count;", nil},
	{"range of addresses", "if SourcePeerType == 1 save; if SourcePeerAddress == (10.1.0.1-10.1.0.9, 10.1.0.1-9) count;", []string{"1:55: is a range of addresses, and there are none | a list of networks", "1:74: is a range"}},
	{"range of IPv6 addresses", "if SourcePeerType == 2 save; if SourcePeerAddress == 2001:db8::1-2001:db8::9 count;", []string{"1:54: is a range of addresses | a list of networks"}},
	{"range in a DEFINE", "define us = 10.1.0.1-10.1.0.9;\nif SourcePeerType == 1 save; if SourcePeerAddress == us count;", []string{"2:54: is a range of addresses"}},
	{"names of another kind", "include \"standard.srl\";\nif SourcePeerType == tcp save, count;\nif DestTransAddress == tcp count;\nif SourceTransType == (udp, www) count;\nsave SourceTransType = ipv4; if VLANid == http count;",
		[]string{"2:22: tcp is an IP protocol, no value of SourcePeerType | SourceTransType and DestTransType", "3:24: tcp is an IP protocol, no value of DestTransAddress", "4:29: www is a port | SourceTransAddress", "5:24: ipv4 is an address family", "5:43: http is a port"}},
	{"names of another kind in a DEFINE", "include \"standard.srl\"; define web = (www, https);\nif SourceTransType == web count;", []string{"2:23: www is a port", "2:23: https is a port"}},
	{"names where they belong", "include \"standard.srl\";\nif SourceAdjacentType == (ethernet, ipv4) count; store FlowKind := tcp; define tcp = 2; if SourcePeerType == tcp count;", nil},
	{"store to an attribute", "store SourcePeerType := 1; count;", []string{"1:7: cannot be stored | SAVE saves other"}},
	{"undefined standard name", "if SourceTransType == TCP count;", []string{`1:23: 'tcp' is not defined | include "standard.srl"`}},
	{"undefined name", "define web = 80;\nif DestTransAddress == wbe count;", []string{"2:24: 'wbe' is not defined | web"}},
	{"reserved word as label", "count: { count; }", []string{"1:1: 'count' is a reserved word and cannot name a label"}},
	{"reserved word as subroutine", "count; subroutine save () return; endsub;", []string{"1:19: reserved word and cannot name a subroutine"}},
	{"reserved word as parameter", "count; subroutine s (address FlowKind) return; endsub;", []string{"1:30: reserved word and cannot name a parameter"}},
	{"reserved word defined", "define save = 1; count;", []string{"1:8: 'save' is a reserved word"}},
	{"attribute defined", "define FlowKind = 1; count;", []string{"1:8: name of an attribute"}},
	{"missing semicolon", "save SourcePeerType\ncount;", []string{"1:20: expected ';' after SAVE"}},
	{"missing semicolon after count", "if SourcePeerType == 1 { count }", []string{"1:31: expected ';' after COUNT"}},
	{"long names", "define " + strings.Repeat("a", 256) + " = 1; " + strings.Repeat("b", 256) + ": { } count;",
		[]string{"1:8: more than 255 octets", "1:270: more than 255 octets"}},
	{"= for ==", "if SourcePeerType = 1 count;", []string{"1:19: a test compares with '==' | write =="}},
	{":= for ==", "if SourcePeerType := 1 count;", []string{"1:19: a test compares with '=='"}},
	{"= for :=", "store FlowKind = 5; count;", []string{"1:16: expected ':=' in a STORE | :="}},
	{":= for =", "save SourcePeerType := 5; count;", []string{"1:21: expected '=' in a SAVE"}},
	{"store without sign", "store FlowKind 5; count;", []string{"1:16: expected ':=' after STORE"}},
	{"save without attribute", "save ; count;", []string{"1:1: SAVE needs the name"}},
	{"save a keyword", "save count; count;", []string{"1:6: reserved word"}},
	{"save two", "save SourcePeerType, DestPeerType; count;", []string{"1:20: unexpected ','"}},
	{"single bar", "if SourcePeerType == 1 | SourcePeerType == 2 count;", []string{"1:24: no sign of SRL | ||"}},
	{"single and", "if SourcePeerType == 1 & DestPeerType == 2 count;", []string{"1:26: expected a mask"}},
	{"not", "if !SourcePeerType == 1 count;", []string{"1:4: no sign of SRL | no 'not'"}},
	{"range", "if SourceTransAddress < 1024 count;", []string{"1:23: no sign of SRL | no ranges"}},
	{"name with an underscore", "_a: { count; }", []string{"1:1: no sign of SRL | starts with a letter"}},
	{"no ==", "if SourcePeerType 1 count;", []string{"1:19: expected '==' after SourcePeerType"}},
	{"attribute as value", "if SourcePeerType == DestPeerType count;", []string{"1:22: expected a value after '==' | values only"}},
	{"list not closed", "if SourceTransType == (6, 17 count;", []string{"1:30: expected ',' or ')'"}},
	{"list with a hole", "if SourceTransType == (6, , 17) count;", []string{"1:27: expected a value after ','"}},
	{"width outside a list", "if SourceTransAddress == (0, 1)/8 count;", []string{"1:32: unexpected '/' | inside the parentheses"}},
	{"if without action", "if SourcePeerType == 1;\ncount;", []string{"1:23: warning: does nothing"}},
	{"else alone", "count; else ignore;", []string{"1:8: ELSE without an IF"}},
	{"two statements and else", "if SourcePeerType == 1 save; save DestPeerType; else count;", []string{"1:49: ELSE without an IF | several go into"}},
	{"brace not closed", "count;\nif SourcePeerType == 1 {\n count;\n", []string{"2:24: '{' has no end"}},
	{"brace too many", "count; }\nignore;", []string{"1:8: '}' without a '{'"}},
	{"unknown statement", "cuont;", []string{"1:1: 'cuont' is no statement | COUNT"}},
	// The innermost statement is the one that is wrong.
	{"STORE in an IF", "if SourcePeerType == 1 store FlowKind = 5; count;", []string{"1:39: expected ':=' in a STORE | write :="}},
	{"STORE behind SAVE,", "if SourcePeerType == 1 save, store FlowKind = 5; count;", []string{"1:45: expected ':=' in a STORE"}},
	{"SAVE in an IF", "if SourcePeerType == 1 save FlowKind == 5; count;", []string{"1:38: expected '=' in a SAVE"}},
	{"STORE behind ELSE", "if SourcePeerType == 1 count; else store FlowKind = 5;", []string{"1:51: expected ':=' in a STORE"}},
	{"missing semicolon before ELSE", "if SourcePeerType == 1 count\nelse ignore;", []string{"1:29: expected ';' after COUNT"}},
	{"missing semicolon in an IF", "if SourcePeerType == 1 save FlowKind count;", []string{"1:37: expected ';' after SAVE"}},
	{"bare SAVE without its sign", "if SourcePeerType == 1 save\ncount;", []string{"1:28: expected ';' or ',' after SAVE | saves what was tested"}},
	{"EXIT in an IF", "if SourcePeerType == 1 exit; count;", []string{"1:28: expected the label of a block"}},
	{"IF first in a subroutine", "call s () endcall; count; subroutine s () if SourcePeerType = 1 return; endsub;",
		[]string{"1:61: a test compares with '=='"}},
	{"unknown word first in a subroutine", "call s () endcall; count; subroutine s () savr FlowKind; return; endsub;", []string{"1:43: 'savr' is no statement | SAVE"}},
	{"SET in a subroutine", "call s () endcall; count; subroutine s () set foo; return; endsub;", []string{"1:43: SET cannot stand inside"}},

	{"last test in a subroutine", "call s (SourcePeerType) endcall; count; subroutine s (address a) if (a == 1) && return; endsub;",
		[]string{"1:81: expected a test"}},
	{"SAVE first in a subroutine", "call s () endcall; count; subroutine s () save count; return; endsub;", []string{"1:48: SAVE needs the name of an attribute"}},
	{"too many parameters", "call s (FlowKind) endcall; subroutine s (address a" + strings.Repeat(", address a", MaxParams) + ") save b; return; endsub;",
		[]string{"1:39: subroutine s has 65 parameters, the limit is 64"}},
	{"SAVE in a CALL", "call s () 1: save count; endcall; count; subroutine s () return; endsub;", []string{"1:19: SAVE needs the name of an attribute"}},
	{"bare SAVE before a block", "if SourcePeerType == 1 save { count; }", []string{"1:28: expected ';' or ',' after SAVE"}},
	{"missing semicolon before SET", "save SourcePeerType\nset foo; count;", []string{"1:20: expected ';' after SAVE"}},
	{"missing semicolon before INCLUDE", "save SourcePeerType\ninclude \"standard.srl\"; if SourceTransType == tcp count;", []string{"1:20: expected ';' after SAVE"}},
	{"INCLUDE at the end", "count; include", []string{"1:15: INCLUDE needs the name of a file"}},

	// What a misspelt name was meant to be.
	{"misspelt behind ELSE", "if SourcePeerType == 1 save;\n\telse\tignor;", []string{"2:7: 'ignor' is no statement | did you mean IGNORE?"}},
	{"misspelt behind a condition", "if SourcePeerType == 1 cuont;", []string{"1:24: 'cuont' is no statement | did you mean COUNT?"}},
	{"misspelt behind SAVE,", "if SourcePeerType == 1 save, cuont;", []string{"1:30: 'cuont' is no statement | did you mean COUNT?"}},
	{"misspelt in a block", "if SourcePeerType == 1 { nomacth; }", []string{"1:26: 'nomacth' is no statement | did you mean NOMATCH?"}},
	{"a peer type's name", "if SourcePeerType == ip6 count;", []string{"1:22: 'ip6' is not defined | did you mean ipv6?"}},
	{"a protocol's name", "if SourceTransType == icmp6 count;", []string{"1:23: 'icmp6' is not defined | did you mean icmpv6?"}},
	{"two protocols' names", "if SourceTransType == TDP count;", []string{"1:23: 'tdp' is not defined | did you mean tcp or udp?"}},
	{"a port's name", "if DestTransAddress == (80, htp) count;", []string{"1:29: 'htp' is not defined | did you mean http?"}},
	{"a name of another kind is no help", "if SourcePeerType == htp count;", []string{"1:22: 'htp' is not defined | define htp = value;"}},
	{"defined further down", "if SourcePeerType == v4 count;\ndefine v4 = 1;", []string{"1:22: 'v4' is not defined | v4 is defined further down, at diag.srl:2"}},
	{"statement defined further down", "tally;\ndefine tally = count\\;;", []string{"1:1: 'tally' is no statement | further down, at diag.srl:2"}},
	{"test defined further down", "if web count;\ndefine web = DestTransAddress == 80;", []string{"1:8: expected '==' after web | further down, at diag.srl:2"}},
	{"attribute defined further down", "save who;\ncount; define who = SourcePeerAddress;", []string{"1:6: 'who' is no attribute | further down, at diag.srl:2"}},
	{"an address of other tools", "if SourceAddress == 10.0/8 count;", []string{"1:4: 'sourceaddress' is no attribute | did you mean SourcePeerAddress?"}},
	{"a port of other tools", "if SourcePort == 80 count;", []string{"1:4: 'sourceport' is no attribute | did you mean SourceTransAddress?"}},
	{"short names of other tools", "save dst_ip; save sport; save Protocol; save vlan; count;",
		[]string{"1:6: | DestPeerAddress?", "1:19: | SourceTransAddress?", "1:31: | SourceTransType?", "1:46: | VLANid?"}},
	{"counters of other tools", "format ToBytes FromPackets StartTime; count;", []string{"1:8: | ToOctets?", "1:16: | FromPDUs?", "1:28: | FirstTime?"}},
	{"missing semicolon between SAVE and ELSE", "if SourcePeerType == 1 save\nelse ignore; count;", []string{"1:28: expected ';' or ',' after SAVE"}},
	{"misspelt ENDCALL", "call s () endcal;\ncount; subroutine s () return; endsub;", []string{"1:11: expected ENDCALL | did you mean ENDCALL?"}},
	{"misspelt file", "include \"standrad.srl\"; count;", []string{"1:9: include: | did you mean standard.srl?"}},
	{"missing semicolon after FORMAT", "format ToPDUs\nsave SourcePeerType; count;", []string{"1:14: expected ';' after FORMAT"}},
	{"missing semicolon after a macro", "define tcp = 6;\nsave SourceTransType = tcp # why\ncount;", []string{"2:27: expected ';' after SAVE"}},

	// A DEFINE without its semicolon.
	{"a DEFINE takes in an IF", "define web = 80\nif SourcePeerType == 1 save;\nsave SourcePeerAddress;\ncount;",
		[]string{"1:16: DEFINE web has no ';' at its end: it takes in the statement of line 2 | write ';' here"}},
	{"a DEFINE of a list takes in an IF", "define servers = (10.1.0.250, 10.1.0.251)  # two\n\nif SourcePeerAddress == servers save; count;",
		[]string{"1:42: DEFINE servers has no ';' at its end: it takes in the statement of line 3"}},
	{"a DEFINE takes in a DEFINE", "define a = 1\ndefine b = 2;\nif SourcePeerType == a count; if SourcePeerType == b count;", []string{"1:13: DEFINE a has no ';'"}},
	{"a DEFINE takes in a SAVE", "define net = 10.1/16\nsave SourcePeerAddress;\nif SourcePeerAddress == net count;", []string{"1:21: DEFINE net has no ';'"}},
	{"a DEFINE takes in the FORMAT", "define cols = ToPDUs FromPDUs\nformat cols; count;", []string{"1:30: DEFINE cols has no ';'"}},
	{"a DEFINE takes in a block", "define p = 80\nb: { if DestTransAddress == p exit b; ignore; } count;", []string{"1:14: DEFINE p has no ';'"}},
	{"a DEFINE of a test takes in an IF", "define web = DestTransAddress == 80\nif web count;", []string{"1:36: DEFINE web has no ';'"}},
	{"a DEFINE of a statement takes in one", "define keep = save SourcePeerType\ncount;", []string{"1:34: DEFINE keep has no ';'"}},
	{"a DEFINE takes in one on its line", "define web = 80 if DestTransAddress == web count;", []string{"1:16: DEFINE web has no ';'"}},
	{"a DEFINE takes in a SUBROUTINE", "call s () endcall; count;\ndefine x = 6\nsubroutine s () if SourceTransType == x count; return; endsub;", []string{"2:13: DEFINE x has no ';'"}},
	{"statements in a DEFINE", "define keep = save SourcePeerType\\; save SourceTransType\\;;\nkeep count;", nil},
	{"statements over lines in a DEFINE", "define web =\n  if DestTransAddress == (80,\n     443) save, {\n    count\\;\n  }\n  else\n    ignore\\;\n  ;\nweb", nil},
	{"a condition over lines in a DEFINE", "define ours = SourcePeerType == 1 &&\n   SourcePeerAddress == (10.1/16,\n   10.2/16);\nif ours count; ignore;", nil},
	{"IF over lines in a DEFINE", "define web = if DestTransAddress == 80\n   save\\;\n   else\n   ignore\\;;\nweb count;", nil},
	{"SAVE in a DEFINE", "define web = DestTransAddress == 80\n   save;\nif web; else ignore; count;", nil},
	{"columns in a DEFINE", "define cols = SourcePeerAddress DestPeerAddress\n  \"  \" ToPDUs\n FromPDUs; format cols; save SourcePeerAddress; save DestPeerAddress; count;", nil},
	{"an unused DEFINE", "define web = 80;\ndefine wbe = 81;\nif DestTransAddress == web count; ignore;", []string{"2:8: warning: DEFINE wbe is never used"}},
	{"a DEFINE used by another", "define a = 80; define b = (a, 81); if DestTransAddress == b count; ignore;", nil},
	{"a DEFINE used by an unused one", "define a = 80;\ndefine b = (a, 81); count;", []string{"2:8: warning: DEFINE b is never used"}},

	// What other languages have.
	{"and", "if SourcePeerType == 1 and FlowKind == 2 count;", []string{"1:24: 'and' is no statement | &&"}},
	{"and in parentheses", "if (SourcePeerType == 1 and FlowKind == 2) count;", []string{"1:25: found 'and' | &&"}},
	{"value first", "if 6 == SourceTransType count;", []string{"1:4: expected a test | left of =="}},
	{"two in one STORE", "store FlowKind := 1, 2; count;", []string{"1:20: unexpected ',' | STORE of its own"}},
	{"comment of C over lines", "count; /*\n*/", []string{"1:8: expected a statement | #", "1:9: '*' is no sign | #", "2:1: '*' is no sign | #"}},
	{"written not", "if not SourcePeerType == 1 count;", []string{"1:4: 'not' is no statement | no 'not'"}},
	{"then", "if SourcePeerType == 1 then count;", []string{"1:24: 'then' is no statement | right behind"}},
	{"comment of C", "// all\ncount;", []string{"1:1: expected a statement | #"}},
	{"values with or", "if SourcePeerType == 1 || 2 count;", []string{"1:27: expected a test | == (1, 2)"}},
	{"list without parentheses", "if SourcePeerType == 1, 2 count;", []string{"1:23: unexpected ',' | == (1, 2)"}},
	{"list in brackets", "if SourcePeerType == [1] count;", []string{"1:22: '[' is no sign | == (1, 2)", "1:24: ']' is no sign"}},
	{"mask behind the attribute", "if SourcePeerAddress/16 == 10.1 count;", []string{"1:21: expected '==' | behind the value"}},
	{"mask for a width", "if SourcePeerAddress == 10.0.0.0/255.0.0.0 count;", []string{"1:34: expected a width | & 255.0.0.0"}},
	{"value in quotation marks", `if SourcePeerAddress == "10.1.2.3" count;`, []string{"1:25: expected a value | without quotation marks"}},
	{"character in quotation marks", `store FlowKind := "W"; count;`, []string{"1:19: expected a value | 'W'"}},
	{"half an attribute", "save PeerAddress; count;", []string{"1:6: 'peeraddress' is no attribute | SourcePeerAddress or DestPeerAddress"}},
	{"commas in FORMAT", "format ToPDUs, FromPDUs; count;", []string{"1:14: found ',' | no commas"}},
	{"name with a hyphen", "set my-net; count;", []string{"1:7: '-' is no sign | quotation marks"}},
	{"file without marks", "include standard.srl; count;", []string{"1:9: INCLUDE needs the name"}},
	{"label without colon", "a { exit a; } count;", []string{"1:1: 'a' is no statement | a: { ... }"}},
	{"semicolon before ELSE", "if SourcePeerType == 1 { count; };\nelse ignore;", []string{"2:1: ELSE without an IF | no ';' stands between"}},
	{"range of large ports", "if SourceTransAddress == 1024-2048 count;", []string{"1:26: not a hexadecimal octet | no ranges"}},
	{"half an IPv6 address", "if SourcePeerAddress == 2001:db8/32 count;", []string{"1:25: no IPv6 address | 2001:db8::/32"}},
	{"short hexadecimal of C", "if SourceTransAddress == 0x50 count;", []string{`1:26: "0x50" is no value | FF-0A`}},
	{"hexadecimal of C", "if SourcePeerAddress == 0x0a000001 count;", []string{`1:25: "0x0a000001" is no value | FF-0A`}},

	{"call without CALL", "foo(SourcePeerType); count;", []string{"1:1: 'foo' is no statement | CALL foo"}},
	{"label without block", "a: count;", []string{"1:4: a label stands before '{'"}},
	{"several mistakes", "if a = 1 count;\nsave;\nif SourcePeerType == 1 { savr x; }\nstore FlowKind := ;\ncount\n",
		[]string{"1:6: '=='", "2:1: SAVE needs", "3:26: 'savr' is no statement", "4:19: expected a value", "5:6: expected ';' after COUNT"}},
	{"missing semicolon at the end", "save SourcePeerType;\ncount  # all\n\n", []string{"2:6: expected ';' after COUNT"}},
	{"missing semicolon after a macro at the end", "define tcp = 6;\nsave SourceTransType = tcp\n", []string{"2:27: expected ';' after SAVE"}},
	{"the end in a test", "if SourcePeerType ==\n\n", []string{"1:21: expected a value after '==', found end of the program"}},
	{"format twice the same", "format ToPDUs FlowIndex ToPDUs; count;", []string{"1:25: ToPDUs stands twice in the format"}},
	{"unquoted separator", "format ToPDUs/FromPDUs; count;", []string{"1:14: FORMAT needs an attribute or string, found '/'"}},
	{"control character in a string", "format \"\x1b\" ToPDUs; count;", []string{"1:8: control character"}},
	{"sign that is not seen", "count;\u202e", []string{"1:7: character 0x202e is no sign of SRL"}},
	{"recursion", "call a () endcall; count;\nsubroutine a () call b () endcall; return; endsub;\nsubroutine b () call a () endcall; return; endsub;",
		[]string{"3:17: endless recursion: a calls b calls a"}},
	{"unknown subroutine", "call foo () endcall; count;\nsubroutine fo () return; endsub;", []string{"1:6: no subroutine foo | fo"}},
	{"arguments", "call s (FlowKind, SourcePeerType) endcall; count;\nsubroutine s (address a, variable b) return; endsub;",
		[]string{"1:9: is an ADDRESS", "1:19: is a VARIABLE"}},
	{"argument count", "call s (FlowKind) endcall; count;\nsubroutine s () return; endsub;", []string{"1:6: has 0 parameters, this CALL gives 1"}},
	{"operand does not fit an argument", "call s (SourceTransAddress) endcall; count;\nsubroutine s (address a) if a == 10.1.2.3 count; return; endsub;",
		[]string{"2:34: in subroutine s, called with SourceTransAddress: 10.1.2.3: 4 octets"}},
	{"duplicate label", "a: { a: { count; } }", []string{"1:6: label a is used twice"}},
	{"duplicate subroutine", "count; subroutine s () return; endsub; subroutine s () return; endsub;", []string{"1:51: declared twice"}},
	{"duplicate number", "call s () 1: 1: count; endcall; count; subroutine s () return 1; endsub;", []string{"1:14: two statements numbered 1"}},
	{"exit across a subroutine", "a: { call s () endcall; }\ncount;\nsubroutine s () exit a; endsub;",
		[]string{"3:22: EXIT cannot leave a subroutine: label a is in the main program | RETURN"}},
	{"exit not inside", "a: { ; } exit a; count;", []string{"1:15: not inside a block labelled a"}},
	{"return outside", "return; count;", []string{"1:1: RETURN stands outside"}},
	{"set 1", "set 1; count;", []string{"1:5: rule set"}},
	{"list saved", "save SourcePeerType = (1, 2); count;", []string{"1:24: but not saved"}},
	{"distribution without parameters", "save FlowTime; count;", []string{"1:1: needs its parameters | 50.0.0!0 & 2.4.1!12000"}},
	{"distribution with a bad octet", "save FlowTime = 300.0.0!0 & 2.4.1!12;\nsave ToPacketSize = 50.0.0!0 & 2.4.1.1200; count;",
		[]string{"1:17: field \"300\" of \"300.0.0!0\"", "2:32: field \"1200\" of | 60.0.0!0 & 1.0.25!1500"}},
	{"distribution of one bucket", "save FlowTime = 1.0.0!0 & 2.4.1!12; count;", []string{"1:17: FlowTime has 1 bucket, at least two are needed"}},
	{"mask before the value", "save FlowTime & 2.4.1!12 = 50.0.0!0;\nsave SourcePeerAddress/24 = 10.1.0.0; count;",
		[]string{"1:26: unexpected '=' in a SAVE statement | stands behind the value", "2:27: unexpected '=' in a SAVE statement | stands behind the value"}},
	{"bit set of distributions", "save Distributions;\nif Distributions == 1 count;", []string{"1:6: Distributions cannot be saved | in FORMAT", "2:4: Distributions cannot be tested | in FORMAT"}},
	{"separators that distributions hold", "save FlowTime = 5.0.0!0 & 2.4.1!12;\nformat FlowTime ToPDUs; count;",
		[]string{"2:8: warning: values of FlowTime may hold \" \", which separates them from ToPDUs | \" (\" FlowTime \") \""}},
	{"parameters that nothing uses", "save FlowTime = 50.6.0!0 & 2.4.1!12;\nsave ToTurnaroundTime = 100.6!0 & 1.3.1!700;\nsave ToBitRate = 48.10.0!7 & 1.6.1!24; count;",
		[]string{"1:17: warning: parameter 1 of FlowTime is 6, and nothing uses it", "2:25: warning: parameter 2 of ToTurnaroundTime is 1536, and nothing uses it | parameter 1 is the second octet: 100.6.0!0 & 1.3.1!700",
			"3:18: warning: parameter 3 of ToBitRate is 7"}},
	{"hints that compile", "save ToBitRate; save FromTurnaroundTime2; save ToPacketSize; count;",
		[]string{"1:1: | save ToBitRate = 48.10.0!0 & 1.6.1!24;", "1:17: | save FromTurnaroundTime2 = 100.6.0!0 & 1.3.1!700;", "1:43: | save ToPacketSize = 60.0.0!0 & 1.0.25!1500;"}},
	{"distribution limits", "save FlowTime = 50.0.0!0 & 2.4.9!3; count;", []string{"1:28: the limits 9 and 3 of FlowTime are not in order"}},
	{"distribution transform", "save FlowTime = 50.0.0!0 & 3.4.1!12; count;", []string{"1:28: transform 3"}},
	{"distribution of a rate without seconds", "save ToBitRate = 50.0.0!0 & 2.4.1!12; count;", []string{"1:18: the seconds between two samples, is 0"}},
	{"distribution of unknown pairs", "save FromTurnaroundTime4 = 50.99.0!0 & 2.4.1!12; count;", []string{"1:28: is 99, which pairs no packets: 0 successive packets, 1 ICMP echo"}},
	{"distribution tested", "if FlowTime == 1 count;", []string{"1:4: cannot be tested | a distribution is saved"}},
	{"string without end", "format FlowKind \"abc;\ncount;", []string{"1:17: the string has no end"}},
	{"macro in the text", "define bad = 300;\nif SourceTransType == bad count;",
		[]string{"2:23: 300 is too large for the one octet of SourceTransType (in the text of bad, defined at diag.srl:1)"}},
	{"macro of itself", "define a = b; define b = a;\nif SourceTransType == a count;", []string{"2:23: a is defined by itself"}},
	{"define without end", "count;\ndefine a = 5", []string{"2:1: DEFINE a has no end"}},
	{"include", "include \"nowhere.srl\"; count;", []string{"1:9: include: there are no files"}},
	{"include without name", "include standard; count;", []string{"1:9: INCLUDE needs the name"}},

	// What is allowed, but hardly meant.
	{"no count", "if SourcePeerType == 1 save;", []string{"0:0: warning: counts nothing"}},
	{"unreachable", "count;\nsave SourcePeerType;", []string{"2:1: warning: never be reached"}},
	{"unreachable after if", "if SourcePeerType == 1 count; else ignore;\ncount;", []string{"2:1: warning: never be reached"}},
	{"reachable by exit", "a: { if SourcePeerType == 1 exit a; else ignore; }\ncount;", nil},
	{"unreachable after call", "call s () endcall; count; subroutine s () ignore; endsub;",
		[]string{"0:0: warning: counts nothing", "1:20: warning: never be reached"}},
	{"no return", "call s () endcall; count; subroutine s () save SourcePeerType; endsub;", []string{"1:64: warning: ends without a RETURN"}},
	{"never called", "count; subroutine s () return; endsub;", []string{"1:19: warning: never called"}},
	{"contradiction", "if SourcePeerType == 1 && SourcePeerType == (2, 3) count;", []string{"1:27: warning: can never succeed"}},
	{"no contradiction", "if SourcePeerType == 1 && SourcePeerType == (1, 3) count;", nil},
	{"family unknown", "if SourcePeerAddress == 10.0/8 save; count;", []string{"1:4: warning: without a test of PeerType | SourcePeerType first"}},
	{"family known", "if SourcePeerType == 1 && SourcePeerAddress == 10.0/8 save; count;", nil},
	{"family known on one way", "if SourceTransType == 6 || SourcePeerType == 1 save SourcePeerAddress/8; count;",
		[]string{"1:48: warning: a SAVE of part of an address"}},
	{"whole address", "save SourcePeerAddress; count;", nil},
	{"defined again", "define a = 1; define a = 2; if SourcePeerType == a count;", []string{"1:22: warning: defined again"}},
	{"standard name defined again", `include "standard.srl"; define ftp = (20, 21); if DestTransAddress == ftp count;`, nil},
}

func TestDiagnostics(t *testing.T) {
	for _, tt := range diagTests {
		t.Run(tt.name, func(t *testing.T) {
			checkDiags(t, tt.src, tt.want)
		})
	}
}

// TestExamples: what hints show of each distribution compiles, and as a rule, too.
func TestExamples(t *testing.T) {
	for _, a := range mib.Attrs() {
		if !a.IsDistribution() {
			continue
		}
		example := ruleset.ExampleOf(a)
		checkDiags(t, fmt.Sprintf("save %s = %s; count;", a, example), nil)
		value, mask, _ := strings.Cut(example, " & ")
		rule := fmt.Sprintf("RULES\nNull & 0 = 0: GotoAct, Next;\n%s & %s = %s: CountPkt, 0;", a, mask, value)
		if _, diags, err := ruleset.ReadText("r", []byte(rule), ruleset.ReadOptions{}); err != nil || len(diags) > 0 {
			t.Errorf("%s: %v %v", rule, diags, err)
		}
	}
}

// checkDiags compiles src and compares what is reported with want.
func checkDiags(t *testing.T, src string, want []string) {
	t.Helper()
	rs, diags, err := Compile("diag.srl", []byte(src), Options{Optimise: -1})
	if (rs == nil) != (err != nil) {
		t.Fatalf("rule set %v, error %v", rs, err)
	}
	for i, d := range diags {
		if i >= len(want) {
			t.Errorf("unexpected: %s", d)
			continue
		}
		checkDiag(t, d, want[i])
	}
	for _, w := range want[min(len(diags), len(want)):] {
		t.Errorf("missing: %s", w)
	}
}

// versions is a program with a large subroutine that makes no code, in many
// versions: eight parameters are more than there are meter variables.
func versions() string {
	var b strings.Builder
	names := []string{"SourcePeerType", "SourceTransType", "SourceInterface", "SourceAdjacentType", "DSCodePoint", "Priority"}
	for i := range 216 {
		fmt.Fprintf(&b, "call s (VLANid, VLANid, VLANid, VLANid, VLANid, %s, %s, %s) endcall;\n", names[i%6], names[i/6%6], names[i/36])
	}
	b.WriteString("count; subroutine s (")
	for i := range 8 {
		fmt.Fprintf(&b, "%saddress p%d", map[bool]string{true: ", "}[i > 0], i)
	}
	return b.String() + ")" + strings.Repeat("{}", 10000) + "return; endsub;"
}

func checkDiag(t *testing.T, d ruleset.Diag, want string) {
	t.Helper()
	at, rest, _ := strings.Cut(want, ": ")
	text, hint, _ := strings.Cut(rest, "|")
	text, warning := strings.CutPrefix(strings.TrimSpace(text), "warning: ")
	if got := fmt.Sprintf("%d:%d", d.Line, d.Column); got != at || d.Severity == ruleset.Warning != warning ||
		!strings.Contains(d.Message, text) || !strings.Contains(d.Hint, strings.TrimSpace(hint)) {
		t.Errorf("got  %s\nwant %s", d, want)
	}
}

func TestErrorsInIncludes(t *testing.T) {
	files := map[string]string{
		"nets.srl":  "define nets = 10/8;\n",
		"loop.srl":  "include \"loop.srl\";",
		"bad.srl":   "# a line\n  cuont;\n",
		"short.srl": "define a = 6;",
	}
	open := func(name string) ([]byte, error) {
		if s, ok := files[name]; ok {
			return []byte(s), nil
		}
		return nil, errors.New("no such file")
	}
	for _, tt := range []struct{ name, src, want string }{
		{"macro from a file", `include "nets.srl"; if SourcePeerType == 1 && SourcePeerAddress == nets count;`, "main.srl:1:68: 10 has bits outside its mask, so that it can never match (in the text of nets, defined at nets.srl:1)"},
		{"statement in a file", `include "bad.srl"; count;`, "bad.srl:2:3: 'cuont' is no statement and is not defined"},
		{"endless", `include "loop.srl";`, "loop.srl:1:9: more than 10 files inside each other"},
		{"too many", strings.Repeat(`include "short.srl";`, MaxIncludes) + `include "nets.srl"; count;`, "main.srl:1:5129: more than 256 includes"},
		{"absent", `include "x.srl"; count;`, "main.srl:1:9: include: no such file"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, _, err := Compile("main.srl", []byte(tt.src), Options{Open: open})
			if err == nil || !strings.HasPrefix(err.Error(), tt.want) {
				t.Errorf("got %v, want %s", err, tt.want)
			}
		})
	}
}

// TestIncludeDepth: the first file counts.
func TestIncludeDepth(t *testing.T) {
	open := func(name string) ([]byte, error) {
		n, err := strconv.Atoi(name)
		if n == 0 {
			return []byte("count;"), err
		}
		return fmt.Appendf(nil, "include \"%d\";", n-1), err
	}
	for files, ok := range map[int]bool{MaxDepth: true, MaxDepth + 1: false} {
		_, _, err := Compile("main.srl", fmt.Appendf(nil, "include \"%d\";", files-2), Options{Open: open})
		if (err == nil) != ok {
			t.Errorf("%d files inside each other: %v", files, err)
		}
	}
}

// TestErrorsBehindWarnings: however many warnings there are, a program with an
// error is none.
func TestErrorsBehindWarnings(t *testing.T) {
	redefined := ""
	for i := range 3 * maxDiags {
		redefined += fmt.Sprintf("define a = %d;\n", i)
	}
	empty := strings.Repeat("if SourceTransAddress == 1;\n", 3*maxDiags)
	parameter := "call s (SourceTransType) endcall; count; subroutine s (address a) if a == 300 count; return; endsub;"
	for _, tt := range []struct{ name, src, want string }{
		{"syntax", redefined + "if SourcePeerType = 1 count;", "a test compares with"},
		{"code", empty + parameter, "300 is too large"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			rs, diags, err := Compile("flood.srl", []byte(tt.src), Options{Optimise: -1})
			if rs != nil || err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("rule set %v, error %v, want %s", rs, err, tt.want)
			}
			if len(diags) > 2*maxDiags {
				t.Errorf("%d messages kept", len(diags))
			}
		})
	}
}

// TestLimits: hostile programs end soon, with a message.
func TestLimits(t *testing.T) {
	double := "define a0 = 5,5,5,5,5,5,5,5;\n"
	for i := range 18 {
		double += fmt.Sprintf("define a%d = a%d,a%d,a%d,a%d;\n", i+1, i, i, i, i)
	}
	deepMacro := "define a0 = 5;"
	for i := range 25 {
		deepMacro += fmt.Sprintf("define a%d = a%d;", i+1, i)
	}
	var calls strings.Builder
	calls.WriteString("call s0 () endcall; count;")
	for i := range 30 {
		fmt.Fprintf(&calls, "subroutine s%d () call s%d () endcall; return; endsub;", i, i+1)
	}
	calls.WriteString("subroutine s30 () return; endsub;")
	wide := "if (" + strings.TrimSuffix(strings.Repeat("(SourcePeerType == 1 || DestPeerType == 1 && FlowKind == 0) && ", 400), "&& ") + ") save; count;"
	many := "if SourceTransAddress == (0" + strings.Repeat(",1", 400) + ") count;"
	for _, tt := range []struct{ name, src, want string }{
		{"nested blocks", strings.Repeat("{", 100000) + "count;" + strings.Repeat("}", 100000), "deep"},
		{"nested ifs", strings.Repeat("if SourcePeerType == 1 ", 1000) + "count;", "deep"},
		{"nested parentheses", "if " + strings.Repeat("(", 1000) + "SourcePeerType == 1" + strings.Repeat(")", 1000) + " count;", "deep"},
		{"nested lists", "if SourcePeerType == " + strings.Repeat("(", 1000) + "1" + strings.Repeat(")", 1000) + " count;", "deep"},
		{"doubling macros", double + "if SourceTransType == (a18) count;", ""},
		{"deep macros", deepMacro + "if SourceTransType == a25 count;", "DEFINEs inside each other"},
		{"deep calls", calls.String(), "more than 16 deep"},
		{"wide condition", wide, "rules"},
		{"large file", strings.Repeat(" ", MaxSource+1), "more than 16777216 octets"},
		{"ifs in else ifs", "if FlowKind == 1 if FlowKind == 2;" + strings.Repeat("else if FlowKind == 1 if FlowKind == 2;", 150000) + "count;", "deep"},
		{"ifs around blocks", strings.Repeat("if FlowKind == 1 if FlowKind == 2 { ; ", 150) + "count;" + strings.Repeat("}", 150), "deep"},
		{"ifs one after the other", strings.Repeat("if FlowKind == 1 if FlowKind == 2; else count; else ; if FlowKind == 1 { if FlowKind == 2; } ;", 300) + "count;", "-"},
		{"statements", strings.Repeat(";", MaxStatements+1), "statements"},
		{"blocks in ELSEs", strings.Repeat("if FlowKind == 1 ignore; else {", 190) + "count;" + strings.Repeat("}", 190), "-"},
		{"signs of no meaning", strings.Repeat("| ", MaxSource/2), "no sign of SRL"},
		{"quotation marks", "define a = \"" + strings.Repeat(`\"`, 1<<20) + "; count;", "-"},
		{"versions of nothing", versions(), "with those of each version"},
		{"else if is no nesting", "if SourcePeerType == 1 count;" + strings.Repeat("else if SourcePeerType == 2 count;", 1000), "-"},
		{"long list", many, "-"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, _, err := Compile("limit.srl", []byte(tt.src), Options{Optimise: -1})
			if tt.want == "-" {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("got %.300v, want %q", err, tt.want)
			}
		})
	}
}

// manyPorts saves one of n ports.
func manyPorts(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "if DestTransAddress == %d save;\n", i+1)
	}
	return b.String() + "count;"
}
