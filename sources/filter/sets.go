package filter

import "strings"

// wordSet makes a set of the words in lines of them.
func wordSet(lines ...string) map[string]bool {
	set := make(map[string]bool)
	for _, line := range lines {
		for w := range strings.FieldsSeq(line) {
			set[w] = true
		}
	}
	return set
}

// refusals gives each word of the keys its key's value.
func refusals(why map[string]string) map[string]string {
	each := make(map[string]string)
	for list, reason := range why {
		for w := range strings.FieldsSeq(list) {
			each[w] = reason
		}
	}
	return each
}
