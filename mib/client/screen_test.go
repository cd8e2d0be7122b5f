package client

import (
	"bytes"
	"testing"

	"netramet/mib/ber"
)

// question and answer are a GetRequest and its Response, without variables.
var (
	question  = []byte("\x30\x19\x02\x01\x01\x04\x06public\xa0\x0c\x02\x02\x12\x34\x02\x01\x00\x02\x01\x00\x30\x00")
	response  = []byte("\x30\x19\x02\x01\x01\x04\x06public\xa2\x0c\x02\x02\x12\x34\x02\x01\x00\x02\x01\x00\x30\x00")
	question3 = []byte("\x30\x0c\x02\x01\x03\x30\x05\x02\x03\x01\x02\x03\x30\x00")
)

func TestFits(t *testing.T) {
	with := func(b []byte, at int, x byte) []byte {
		b = bytes.Clone(b)
		b[at] = x
		return b
	}
	for _, tt := range []struct {
		name             string
		answer, question []byte
		why              string
	}{
		{"response", response, question, ""},
		{"report", with(response, 13, byte(ber.Report)), question, ""},
		{"length in three octets", append([]byte("\x30\x82\x00\x19"), response[2:]...), question, ""},
		{"request-id with a leading zero", []byte("\x30\x1a\x02\x01\x01\x04\x06public\xa2\x0d\x02\x03\x00\x12\x34\x02\x01\x00\x02\x01\x00\x30\x00"), question, ""},
		{"v3", question3, question3, ""},
		{"nothing", nil, question, "it is no SNMP message"},
		{"an octet more", append(bytes.Clone(response), 0), question, "it is no SNMP message"},
		{"an octet less", response[:len(response)-1], question, "it is no SNMP message"},
		{"no sequence", with(response, 0, 0x31), question, "it is no SNMP message"},
		{"indefinite length", with(response, 1, 0x80), question, "it is no SNMP message"},
		{"length of four octets", append([]byte("\x30\x84\x00\x00\x00\x19"), response[2:]...), question, ""},
		{"length of nine octets", append([]byte("\x30\x89\x00\x00\x00\x00\x00\x00\x00\x00\x19"), response[2:]...), question, ""},
		{"length of 72 bits", append([]byte("\x30\x89\x01\x00\x00\x00\x00\x00\x00\x00\x19"), response[2:]...), question, "it is no SNMP message"},
		{"reserved length", append([]byte("\x30\xff\x00\x19"), response[2:]...), question, "it is no SNMP message"},
		{"length missing", []byte("\x30\x83\x00"), question, "it is no SNMP message"},
		{"empty integer", []byte("\x30\x02\x02\x00"), question, "it is no SNMP message"},
		{"PDU shorter", with(response, 14, 0x0b), question, "it is no SNMP message"},
		{"no PDU", []byte("\x30\x05\x02\x01\x01\x04\x00"), question, "it is no SNMP message"},
		{"v3 without a header", []byte("\x30\x03\x02\x01\x03"), question3, "it is no SNMP message"},
		{"another version", with(response, 4, 0), question, "it is of another version of SNMP"},
		{"v3 to v2c", question3, question, "it is of another version of SNMP"},
		{"another request-id", with(response, 18, 0x35), question, late},
		{"another msgID", with(question3, 9, 9), question3, late},
		{"an echo", question, question, "it is no response"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if ok, why := fits(tt.answer, tt.question); why != tt.why || ok != (tt.why == "") {
				t.Errorf("%v %q, want %q", ok, why, tt.why)
			}
		})
	}
}

// FuzzFits reads anything, and takes for an answer only what is as long as it
// says.
func FuzzFits(f *testing.F) {
	f.Add(response, question)
	f.Add(question3, question3)
	f.Add([]byte("\x30\x83\xff\xff\xff"), question)
	f.Fuzz(func(t *testing.T, answer, question []byte) {
		ok, why := fits(answer, question)
		if ok != (why == "") {
			t.Errorf("%v %q", ok, why)
		}
		if more, _ := fits(append(bytes.Clone(answer), 0), question); ok && more {
			t.Error("an octet more is taken too")
		}
	})
}
