package agent

import (
	"strings"

	"netramet/mib"
)

// lookupSubtree finds a subtree by the name of the object at its top, without
// regard to case, or reads a dotted OID. "all" is everything.
func lookupSubtree(s string) ([]uint32, bool) {
	if oid, ok := parseOID(s); ok {
		return oid, true
	}
	if strings.EqualFold(s, "all") {
		return []uint32{}, true
	}
	for _, o := range mib.Objects() {
		if strings.EqualFold(o.String(), s) {
			return o.OID(), true
		}
	}
	return nil, false
}
