package wire

// Interface is what a trace says of one of its interfaces.
type Interface struct {
	Name        string // as its system calls it; "" if not told, as all texts
	Description string
	Comment     string
	LinkType    LinkType
	SnapLen     uint32 // the most octets captured of a frame; 0: no limit, or not told
}

// Section is what a trace says of the capture as a whole.
type Section struct {
	Comment     string
	Hardware    string
	System      string // that the packets were captured on
	Application string // that captured them
}
