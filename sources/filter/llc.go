package filter

// llcType is how a type of LLC frame shows in its control field.
type llcType struct{ mask, value uint32 }

// llcTypes are the types by their words.
var llcTypes = map[string]llcType{
	"i": {0x01, 0x00}, "s": {0x03, 0x01}, "u": {0x03, 0x03},
	"rr": {0x0f, 0x01}, "rnr": {0x0f, 0x05}, "rej": {0x0f, 0x09},
	"ui": {0xef, 0x03}, "ua": {0xef, 0x63}, "disc": {0xef, 0x43}, "dm": {0xef, 0x0f},
	"sabme": {0xef, 0x6f}, "test": {0xef, 0xe3}, "xid": {0xef, 0xaf}, "frmr": {0xef, 0x87},
}

// llc is the test for frames with LLC, of a type where a word is given.
func (g *generator) llc(word string) *cond {
	var c *cond
	switch g.kind {
	case kindEthernet: // 0xffff is IPX without LLC
		c = all(g.framed(), g.length8023(g.proto), not(g.equal(g.load, 2, 0xffff)))
	case kindLLC:
		c = always(true)
	case kind80211:
		c = g.isData()
	case kindSunATM:
		c = g.masked(g.header, 1, 2, 0x0f)
	default:
		return g.failLink("", "link type %s has no LLC", g.name())
	}
	if word == "" {
		return c
	}
	t := llcTypes[word]
	return and(c, g.masked(g.load.plus(2), 1, t.value, t.mask))
}
