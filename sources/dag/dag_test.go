package dag

import (
	"fmt"
	"strings"
	"testing"
)

func TestParseURI(t *testing.T) {
	for _, row := range []struct{ uri, want string }{
		{"dag:/dev/dag0", "{/dev/dag0 [0] }"},
		{"dag:dag1", "{/dev/dag1 [0] }"},
		{"dag:/dev/dag0,2", "{/dev/dag0 [2] }"},
		{"dag:dag0,0,2,4", "{/dev/dag0 [0 2 4] }"},
		{"dag:/dev/dag0 slen=96 varlen", "{/dev/dag0 [0] slen=96 varlen}"},
		{"dag:dag0,2 slen=96", "{/dev/dag0 [2] slen=96}"},
		{"dag:", "dag:: no device; as in dag:/dev/dag0"},
		{"dag:,2", "no device"},
		{"dag:dag0,", `"" is no stream: 0 to 1022, as in dag:/dev/dag0,0,2`},
		{"dag:dag0,x", `"x" is no stream`},
		{"dag:dag0,-2", `"-2" is no stream`},
		{"dag:dag0,99999", `"99999" is no stream`},
		{"dag:dag0,1", "stream 1 transmits: those that receive have even numbers"},
		{"dag:dag0,2,0,2", "stream 2 is named twice"},
		{"pcap:x", "is not dag:DEVICE"},
	} {
		c, err := ParseURI(row.uri)
		got := fmt.Sprint(c)
		if err != nil {
			got = err.Error()
		}
		if !strings.Contains(got, row.want) {
			t.Errorf("%s: %s, want %s", row.uri, got, row.want)
		}
	}
}

func TestCheckCards(t *testing.T) {
	many := func(n, streams int) (cards []Card) {
		for i := range n {
			cards = append(cards, Card{Device: fmt.Sprintf("/dev/dag%d", i), Streams: make([]int, streams)})
		}
		return cards
	}
	for _, row := range []struct {
		name  string
		cards []Card
		want  string
	}{
		{"none", nil, "no DAG card"},
		{"twice", []Card{{Device: "/dev/dag0", Streams: []int{0}}, {Device: "/dev/dag0", Streams: []int{2}}}, "is named twice; streams of one card go together: dag:/dev/dag0,0,2"},
		{"too many streams", many(5, 13), "65 streams of DAG cards: at most 64 are read together"},
		{"too many ports", many(64, 1), "64 DAG cards: their ports have more than 255 numbers"},
		{"as many as there may be", many(63, 1), ""},
	} {
		err := checkCards(Options{Cards: row.cards})
		if got := fmt.Sprint(err); err == nil && row.want != "" || err != nil && (row.want == "" || !strings.Contains(got, row.want)) {
			t.Errorf("%s: %v, want %q", row.name, err, row.want)
		}
	}
}
