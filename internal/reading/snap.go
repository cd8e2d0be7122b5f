package reading

import "netramet/sources/wire"

// Snap is the stage that cuts what is captured of frames to n octets, as a capture
// with that snapshot length would have. Their lengths on the wire stay.
func Snap(n uint32) Stage {
	return func(b *wire.Batch) error {
		for i := range b.Frames {
			if f := &b.Frames[i]; uint64(len(f.Data)) > uint64(n) {
				f.Data = f.Data[:n:n]
			}
		}
		return nil
	}
}
