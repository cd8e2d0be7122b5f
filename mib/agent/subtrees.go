package agent

import "strings"

// subtrees are the names a view may use instead of an OID.
var subtrees = map[string][]uint32{
	"all":           {},
	"internet":      {1, 3, 6, 1},
	"mib-2":         {1, 3, 6, 1, 2, 1},
	"system":        {1, 3, 6, 1, 2, 1, 1},
	"interfaces":    {1, 3, 6, 1, 2, 1, 2},
	"snmp":          {1, 3, 6, 1, 2, 1, 11},
	"snmpModules":   {1, 3, 6, 1, 6, 3},
	"snmpSet":       {1, 3, 6, 1, 6, 3, 1, 1, 6},
	"snmpEngine":    {1, 3, 6, 1, 6, 3, 10, 2, 1},
	"snmpMPDStats":  {1, 3, 6, 1, 6, 3, 11, 2, 1},
	"usmStats":      {1, 3, 6, 1, 6, 3, 15, 1, 1},
	"netrametMIB":   {1, 3, 6, 1, 4, 1, 411, 2720},
	"flowMIB":       {1, 3, 6, 1, 2, 1, 40},
	"flowControl":   {1, 3, 6, 1, 2, 1, 40, 1},
	"flowData":      {1, 3, 6, 1, 2, 1, 40, 2},
	"flowRules":     {1, 3, 6, 1, 2, 1, 40, 3},
	"flowDataTable": {1, 3, 6, 1, 2, 1, 40, 2, 1},
	"flowRuleTable": {1, 3, 6, 1, 2, 1, 40, 3, 1},

	"flowRuleSetInfoTable":    {1, 3, 6, 1, 2, 1, 40, 1, 1},
	"flowInterfaceTable":      {1, 3, 6, 1, 2, 1, 40, 1, 2},
	"flowReaderInfoTable":     {1, 3, 6, 1, 2, 1, 40, 1, 3},
	"flowManagerInfoTable":    {1, 3, 6, 1, 2, 1, 40, 1, 4},
	"flowColumnActivityTable": {1, 3, 6, 1, 2, 1, 40, 2, 2},
	"flowDataPackageTable":    {1, 3, 6, 1, 2, 1, 40, 2, 3},
}

// lookupSubtree finds a subtree by its name, without regard to case, or reads
// a dotted OID.
func lookupSubtree(s string) ([]uint32, bool) {
	if oid, ok := parseOID(s); ok {
		return oid, true
	}
	for n, oid := range subtrees {
		if strings.EqualFold(n, s) {
			return oid, true
		}
	}
	return nil, false
}
