package flowfile

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
)

// maxBlocks is how many blocks of a file are remembered, the newest. A block
// that comes again is one that was written just before its reader or meter
// failed, so few are enough.
const maxBlocks = 1024

// remember adds a block to the list.
func remember(blocks []blockID, id blockID) []blockID {
	if len(blocks) >= maxBlocks {
		blocks = append(blocks[:0], blocks[len(blocks)-maxBlocks/2:]...)
	}
	return append(blocks, id)
}

// scanned is what must be known of a file to append to it.
type scanned struct {
	header Header
	whole  int64     // size up to the end of the last whole block; 0 if there is none
	format string    // the last #Format line before that
	blocks []blockID // the last whole blocks
}

// errForeign refuses a file that cutting could harm.
var errForeign = errors.New("not a flow data file of this program, so nothing is appended to it")

// scan reads a flow data file from r and finds the end of its last whole block.
// It looks at information lines only.
func scan(r io.Reader) (s scanned, err error) {
	br := bufio.NewReaderSize(r, MaxLine)
	first, err := br.ReadSlice('\n')
	if err == io.EOF {
		// A header that its writer did not live to finish, or nothing.
		n := min(len(first), len(headerMark))
		if string(first[:n]) != headerMark[:n] {
			return s, errForeign
		}
		return s, nil
	}
	if err != nil {
		return s, errForeign
	}
	header, own, err := parseHeader(bytes.TrimSuffix(first, []byte("\n")))
	if err != nil || !own {
		return s, errForeign
	}
	s.header = header
	at, open := int64(len(first)), false
	var id blockID
	var format string
	for number := 2; ; number++ {
		line, err := readInfo(br, &at)
		if err == io.EOF {
			return s, nil
		}
		if err != nil {
			return s, fmt.Errorf("line %d: %w", number, err)
		}
		if text, ok := bytes.CutPrefix(line, []byte(timeMark)); ok {
			if id, err = parseTimeLine(text, header.Zone.location()); err != nil {
				return s, fmt.Errorf("line %d: %w", number, err)
			}
			open = true
		} else if text, ok := bytes.CutPrefix(line, []byte(endMark)); ok && open {
			id.number, _ = parseEndData(text)
			s.blocks = remember(s.blocks, id)
			s.whole, s.format, open = at, format, false
		} else if bytes.HasPrefix(line, []byte(rulesetMark)) {
			id.addSet(line)
		} else if bytes.HasPrefix(line, []byte(formatMark)) {
			format = string(line)
		}
	}
}

// readInfo reads one line and adds its length to at. It returns the line
// without newline if it is an information line, else nil; io.EOF at the end or
// where the last line has no newline. The line is valid until the next call.
func readInfo(br *bufio.Reader, at *int64) ([]byte, error) {
	line, err := br.ReadSlice('\n')
	info := len(line) > 0 && line[0] == '#'
	for errors.Is(err, bufio.ErrBufferFull) {
		if info {
			return nil, fmt.Errorf("information line of more than %d octets", MaxLine)
		}
		*at += int64(len(line))
		line, err = br.ReadSlice('\n')
	}
	if err != nil {
		return nil, err
	}
	*at += int64(len(line))
	if !info {
		return nil, nil
	}
	return line[:len(line)-1], nil
}
