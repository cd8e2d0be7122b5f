// Package spelling measures how far a word is from the one that was meant, for
// hints in error messages.
package spelling

const maxLen = 64 // octets of a word that is measured

// Distance is the number of octets to change, add, drop or exchange with their
// neighbour to get from a to b. Above most it is any number above most, and so
// it is for words too long to be a slip.
func Distance(a, b string, most int) int {
	if len(a)-len(b) > most || len(b)-len(a) > most || len(a) > maxLen || len(b) > maxLen {
		return most + 1
	}
	var rows [3][maxLen + 1]int
	for j := range len(b) + 1 {
		rows[1][j] = j
	}
	for i := 1; i <= len(a); i++ {
		before, last, row := &rows[(i+2)%3], &rows[i%3], &rows[(i+1)%3]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
	}
	return rows[(len(a)+1)%3][len(b)]
}
