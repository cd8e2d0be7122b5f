package sources

import "netramet/sources/wire"

// linkTypeOf translates what old or careless writers store, a DLT number of
// their own system, where it differs from the LINKTYPE number and that number
// means nothing else in the registry.
func linkTypeOf(stored uint16) wire.LinkType {
	switch stored {
	case 11, 13: // DLT_ATM_RFC1483 of most systems, of BSD/OS
		return 100
	case 12, 14: // DLT_RAW of most systems, of OpenBSD
		return wire.LinkRaw
	case 15: // DLT_SLIP_BSDOS
		return 102
	case 16: // DLT_PPP_BSDOS
		return 103
	case 19: // DLT_ATM_CLIP of Linux
		return 106
	}
	return wire.LinkType(stored)
}
