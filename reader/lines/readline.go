package lines

import (
	"bufio"
	"fmt"
)

// ReadLine appends the next line with its end, which may have most octets. The error is
// io.EOF where the input ends without one.
func ReadLine(in *bufio.Reader, line []byte, most int) ([]byte, error) {
	for {
		part, err := in.ReadSlice('\n')
		if line = append(line, part...); len(line) > most {
			return line, fmt.Errorf("longer than %d octets", most)
		}
		if err != bufio.ErrBufferFull {
			return line, err
		}
	}
}
