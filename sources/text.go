package sources

import (
	"fmt"
	"io"
)

// OpenPlain opens a file that is no trace, and undoes its compressions as Open
// does those of traces.
func OpenPlain(path string) (io.ReadCloser, error) {
	if IsAddress(path) || path == "-" {
		return nil, fmt.Errorf("%s: is no file", path)
	}
	st, err := openStored(path, Options{})
	if err != nil {
		return nil, err
	}
	u, err := unwrap(st)
	if err != nil {
		st.Close()
		return nil, err
	}
	return &plain{u, st}, nil
}

// plain is what is stored in a file, without its compressions.
type plain struct {
	unwrapped
	st *stored
}

// Read implements io.Reader.
func (p *plain) Read(b []byte) (int, error) { return p.r.Read(b) }

// Close gives back what the decoders hold and closes the file.
func (p *plain) Close() error {
	p.close()
	return p.st.Close()
}
