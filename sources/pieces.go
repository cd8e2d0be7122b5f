package sources

import (
	"io"
	"os"
)

const (
	// PieceSize is how many octets of a file a Piece has, but for the last one. It is more than
	// chunkSize, for one waits for the other at the end of each.
	PieceSize = 2 * chunkSize
	// pieceRoom is the room before them, for the record that begins in the piece before.
	pieceRoom = minRead
)

// Divider is what a Source also is if it may be a file that several goroutines read, each
// into memory of its own, so that copying is the work of all their processors and what
// was copied lies near the one that looks at it.
//
// While it is divided, Read reads nothing: it takes frames out of the piece that Parse has
// given it, and without frames and an error it says that it wants the next one.
type Divider interface {
	Source
	// Divide has the rest of the file read in pieces, and reports whether it can be.
	Divide() bool
	// Fetch reads piece n of those since Divide, counted from 0. It may be called by several
	// goroutines at a time, for different pieces. What goes wrong shows when the piece is parsed.
	Fetch(p *Piece, n int64)
	// Parse has Read take frames out of p next. Pieces come in their order, each once.
	Parse(p *Piece)
	// Unite has Read read again for itself what is behind the first n pieces, all of which
	// were parsed.
	Unite(n int64)
}

// Piece is a part of a file, and memory to read it into, which is used again when the
// batches of it are released. Its zero value is ready to use. It is not copied.
type Piece struct {
	memory pool
	chunk  *chunk
	end    int // of its octets in the chunk, which begin behind pieceRoom
	err    error
}

// Divide implements Divider, for a regular file that has a name and is not packed, once the parser
// has been shown all that was read.
func (t *trace) Divide() bool {
	_, ok := t.file.r.(*os.File)
	if !ok || t.file.file == nil || t.file.size == 0 || t.file.live || t.compressed || t.feed.fetched() != t.file.read.Load() {
		return false
	}
	t.feed.divided, t.divided = true, t.file.read.Load()
	return true
}

// Fetch implements Divider.
func (t *trace) Fetch(p *Piece, n int64) {
	p.memory.size = pieceRoom + PieceSize
	if p.chunk, p.err = p.memory.get(p.memory.size); p.err != nil {
		return
	}
	at := t.divided + n*PieceSize
	var octets int
	octets, p.err = t.file.r.(*os.File).ReadAt(p.chunk.buf[pieceRoom:pieceRoom+PieceSize], at)
	p.end = pieceRoom + octets
	t.file.read.Add(int64(octets))
	if p.err != nil && p.err != io.EOF {
		p.err = &readError{p.err}
	}
}

// Parse implements Divider.
func (t *trace) Parse(p *Piece) { t.feed.next = p }

// Unite implements Divider.
func (t *trace) Unite(n int64) {
	t.feed.divided, t.feed.next = false, nil
	if t.feed.err != nil {
		return
	}
	if _, err := t.file.r.(*os.File).Seek(t.divided+n*PieceSize, io.SeekStart); err != nil {
		t.feed.err = &readError{err}
	}
}

// fetched is how many octets were read of the stream.
func (f *feed) fetched() int64 { return f.off + int64(f.end-f.pos) - f.pending }

// takeNext goes on to the next piece, behind what is left of the one before.
func (f *feed) takeNext() error {
	p, rest := f.next, f.bytes()
	if p == nil {
		return errSilent
	}
	f.next = nil
	if p.chunk == nil {
		return p.err
	}
	c, begin, end := p.chunk, pieceRoom-len(rest), p.end
	p.chunk = nil
	if begin < 0 {
		octets := c.buf[pieceRoom:p.end]
		larger, err := f.chunks.get(len(rest) + len(octets))
		if err != nil {
			c.release()
			return err
		}
		begin, end = 0, len(rest)+copy(larger.buf[len(rest):], octets)
		c.release()
		c = larger
	}
	copy(c.buf[begin:], rest)
	if f.cur != nil {
		f.cur.release()
	}
	f.cur, f.pos, f.end, f.err = c, begin, end, p.err
	return nil
}
