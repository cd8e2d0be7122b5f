package ring

import (
	"golang.org/x/sys/unix"

	"netramet/sources/wire"
)

// Link is what a ring has to know of an interface.
type Link struct {
	Number uint8 // of its frames
	Form   Form
	Type   wire.LinkType // as FormOf has it
	Limit  uint32        // octets; what is longer must be several frames of the link
}

// Form is how the frames of an interface are taken from the ring.
type Form uint8

// The forms.
const (
	Ethernet Form = iota // and the loopback: VLAN tags are put back
	Framed               // with their link header, whatever it is
	Bare                 // IP packets alone; others are cooked
	Cooked               // behind a header of wire.LinkLinuxSLL in place of their own
)

// FormOf returns the form of a hardware type's frames, ARPHRD_*, and their link
// type; for Bare and Cooked that of all that are IP.
func FormOf(hardware uint16) (Form, wire.LinkType) {
	switch hardware {
	case unix.ARPHRD_ETHER, unix.ARPHRD_LOOPBACK:
		return Ethernet, wire.LinkEthernet
	case unix.ARPHRD_IEEE80211:
		return Framed, wire.Link80211
	case unix.ARPHRD_IEEE80211_PRISM:
		return Framed, wire.LinkPrism
	case unix.ARPHRD_IEEE80211_RADIOTAP:
		return Framed, wire.LinkRadiotap
	case unix.ARPHRD_FDDI:
		return Framed, wire.LinkFDDI
	case unix.ARPHRD_IEEE802_TR:
		return Framed, wire.LinkTokenRing
	case unix.ARPHRD_CISCO:
		return Framed, wire.LinkCHDLC
	case unix.ARPHRD_FRAD:
		return Framed, wire.LinkFrameRelay
	case unix.ARPHRD_NONE, unix.ARPHRD_RAWIP, unix.ARPHRD_PPP, unix.ARPHRD_SLIP, unix.ARPHRD_CSLIP,
		unix.ARPHRD_TUNNEL, unix.ARPHRD_TUNNEL6, unix.ARPHRD_SIT, unix.ARPHRD_IPGRE, unix.ARPHRD_IP6GRE:
		return Bare, wire.LinkRaw
	}
	return Cooked, wire.LinkLinuxSLL
}

// links is how a ring finds the link of a packet.
type links struct {
	one     Link
	resolve func(ifIndex int, hardware uint16) Link // nil: all are of one
	seen    [linkCache]seenLink
}

// linkCache is how many interfaces are remembered, by the last bits of their index.
const linkCache = 64

type seenLink struct {
	ifIndex  int32
	hardware uint16
	known    bool
	link     Link
}

// SetLink says that all packets are of one interface.
func (r *Ring) SetLink(l Link) { r.links = links{one: l} }

// SetLinks says that packets are of many interfaces, and whom to ask about one
// that is new. The answer is kept until SetLinks is called again.
func (r *Ring) SetLinks(resolve func(ifIndex int, hardware uint16) Link) {
	r.links = links{resolve: resolve}
}

// OneLink returns the link of all packets, if it is one.
func (r *Ring) OneLink() (l Link, ok bool) { return r.links.one, r.links.resolve == nil }

// of returns the link of a packet by its address.
func (l *links) of(a *address) *Link {
	if l.resolve == nil {
		return &l.one
	}
	s := &l.seen[a.ifIndex&(linkCache-1)]
	if s.ifIndex != a.ifIndex || s.hardware != a.hardware || !s.known {
		*s = seenLink{a.ifIndex, a.hardware, true, l.resolve(int(a.ifIndex), a.hardware)}
	}
	return &s.link
}
