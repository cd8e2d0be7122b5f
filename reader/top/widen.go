package top

import (
	"netramet/mib"
	"netramet/reader/table"
)

// Needs are the attributes that tasks must read for tables by key, whatever their
// FORMATs ask for: see reader.Widen.
func Needs(key table.Key) []mib.Attr {
	need := []mib.Attr{mib.AttrToOctets, mib.AttrFromOctets, mib.AttrToPDUs, mib.AttrFromPDUs, mib.AttrLastActiveTime}
	if key.By == table.ByAttribute {
		need = append(need, key.Attr)
	}
	return need
}
