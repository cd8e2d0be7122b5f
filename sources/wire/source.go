package wire

// SourceStats are a source's own counts, all since it was opened.
type SourceStats struct {
	Frames    uint64 // frames handed over
	Octets    uint64 // octets of those frames on the wire
	Stored    uint64 // octets on the wire as the records have them, check sequences among them
	Damaged   uint64 // records that were damaged and skipped, or ended the trace
	Skipped   uint64 // records that hold no packet the source understands
	Odd       uint64 // records handed over although they contradict themselves
	Dropped   uint64 // frames lost before the source saw them, where it knows
	BytesRead int64  // octets of the file as stored (compressed) read so far
	BytesAll  int64  // octets of the file as stored, 0 if unknown (a pipe)
}
