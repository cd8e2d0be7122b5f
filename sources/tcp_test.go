package sources

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"testing"

	"netramet/sources/sourcetest"
	"netramet/sources/sourcetest/capfile"
	"netramet/sources/wire"
)

// serve is a server that does to each connection what send says, and then closes
// it. Its address is a URI.
func serve(t *testing.T, at string, send func(net.Conn)) (uri string) {
	t.Helper()
	l, err := net.Listen("tcp", at)
	if err != nil {
		t.Skipf("no listening on %s: %v", at, err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			send(c)
			c.Close()
		}
	}()
	t.Cleanup(func() {
		l.Close()
		<-ended
	})
	return "tcp://" + l.Addr().String()
}

// sends writes to a connection; who reads sees what of it fails.
func sends(data []byte) func(net.Conn) {
	return func(c net.Conn) { _, _ = c.Write(data) }
}

func openURI(t *testing.T, uri string) Source {
	t.Helper()
	s, err := Open(uri, Options{})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestTCPConformance: what a server sends is a source like any other.
func TestTCPConformance(t *testing.T) {
	many := manyFrames(70*wire.BatchSize, 70, 64)
	fewer := many[:10*wire.BatchSize] // a decoder beside the reader allocates
	for _, row := range []struct {
		name string
		file []byte
		want []wire.Frame
	}{{"pcap", pcapOf(many), many}, {"pcapng", pcapngOf(many), many}, {"gzip", pack(t, pcapngOf(fewer), "gzip"), fewer}} {
		uri := serve(t, "127.0.0.1:0", sends(row.file))
		t.Run(row.name, func(t *testing.T) {
			sourcetest.Run(t, func(t *testing.T) sourcetest.Source { return openURI(t, uri) }, row.want)
		})
	}
}

func TestTCPAddresses(t *testing.T) {
	frames := manyFrames(3, 60, 60)
	for _, at := range []string{"127.0.0.1:0", "[::1]:0"} {
		for _, format := range []string{"", "pcapng:"} {
			t.Run(format+at, func(t *testing.T) {
				uri := serve(t, at, sends(pcapngOf(frames)))
				s := openURI(t, format+uri)
				defer s.Close()
				got, err := readAll(s)
				if err != io.EOF {
					t.Error(err)
				}
				checkFrames(t, got, frames)
			})
		}
	}
	for _, uri := range []string{"tcp://", "tcp://localhost", "tcp://:19000", "tcp://localhost:", "tcp://::1:19000", "tcp://[::1]", "tcp://a:b:c"} {
		if _, err := Open(uri, Options{}); err == nil || !strings.HasPrefix(err.Error(), uri+": it is tcp://HOST:PORT, as ") {
			t.Errorf("%s: %v", uri, err)
		}
	}
}

// TestTCPCut cuts what a server sends at each octet: a connection that is closed
// between two records is the end, inside of one it is damage.
func TestTCPCut(t *testing.T) {
	frames := damageFrames()[:4]
	file := pcapngOf(frames)
	for n := range len(file) {
		want, _, end := readBytes(t, file[:n])
		uri := serve(t, "127.0.0.1:0", sends(file[:n]))
		s, err := Open(uri, Options{})
		var got []wire.Frame
		if err == nil {
			got, err = readAll(s)
			s.Close()
		}
		if (err == io.EOF) != (end == io.EOF) || errors.Is(err, ErrDamaged) != errors.Is(end, ErrDamaged) || errors.Is(err, io.ErrUnexpectedEOF) != errors.Is(end, io.ErrUnexpectedEOF) {
			t.Fatalf("cut at %d: %v, a file: %v", n, err, end)
		}
		checkFrames(t, got, want)
	}
}

// TestTCPErrors: connections that are refused, and reset, are told in a few words;
// neither is damage, and what came before stands.
func TestTCPErrors(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := "tcp://" + l.Addr().String()
	l.Close()
	if _, err := Open(nobody, Options{}); err == nil || err.Error() != nobody+": connection refused" {
		t.Errorf("nobody there: %v", err)
	}
	frames := manyFrames(3, 60, 60)
	had := make(chan struct{})
	uri := serve(t, "127.0.0.1:0", func(c net.Conn) {
		_, _ = c.Write(pcapngOf(frames))
		<-had
		_ = c.(*net.TCPConn).SetLinger(0)
	})
	s := openURI(t, uri)
	defer s.Close()
	var got []wire.Frame
	for b := new(wire.Batch); len(got) < len(frames); got = append(got, b.Frames...) {
		if err := s.Read(b); err != nil {
			t.Fatal(err)
		}
	}
	close(had)
	_, err = readAll(s)
	if err == nil || err.Error() != fmt.Sprintf("%s: pcapng: offset %d: connection reset by peer", uri, len(pcapngOf(frames))) || errors.Is(err, ErrDamaged) {
		t.Errorf("a reset connection: %v", err)
	}
}

// TestTCPSilence: while a server says nothing, a Read returns without frames, in
// the middle of a record too; what it then says is handed over; and Close ends it.
func TestTCPSilence(t *testing.T) {
	frames := manyFrames(700, 100, 90)
	for _, name := range capfile.Compressions() {
		t.Run(name, func(t *testing.T) {
			file := pack(t, pcapngOf(frames), name)
			more, gone := make(chan struct{}), make(chan struct{})
			uri := serve(t, "127.0.0.1:0", func(c net.Conn) {
				_, _ = c.Write(file[:100])
				<-more
				_, _ = c.Write(file[100:])
				<-gone
			})
			go close(more) // what there is may be too little to open the trace
			s := openURI(t, uri)
			var got []wire.Frame
			silent := 0
			for b := new(wire.Batch); len(got) < len(frames) || silent == 0; b = new(wire.Batch) {
				if err := s.Read(b); err != nil {
					t.Fatalf("after %d frames: %v", len(got), err)
				}
				if len(b.Frames) == 0 {
					silent++
				}
				got = append(got, b.Frames...)
			}
			checkFrames(t, got, frames)
			if err := s.Close(); err != nil {
				t.Error(err)
			}
			if err := s.Read(new(wire.Batch)); !errors.Is(err, os.ErrClosed) {
				t.Errorf("Read after Close: %v", err)
			}
			close(gone)
		})
	}
}

// TestTCPLate: a server that says nothing yet keeps nobody waiting. Reads return
// without frames, and then with what it sends, or with what is wrong with that; Close
// ends it before and after.
func TestTCPLate(t *testing.T) {
	frames := manyFrames(3, 60, 60)
	for name, send := range map[string][]byte{"frames": pack(t, pcapngOf(frames), "gzip"), "no trace": []byte("HTTP/1.0 400 Bad Request\r\n\r\n"), "closed before": nil} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			more, gone := make(chan struct{}), make(chan struct{})
			uri := serve(t, "127.0.0.1:0", func(c net.Conn) {
				<-more
				_, _ = c.Write(send)
				if name != "no trace" { // which is told by all of it
					<-gone
				}
			})
			defer close(gone)
			s := openURI(t, uri)
			b := new(wire.Batch)
			if err := s.Read(b); err != nil || len(b.Frames) > 0 {
				t.Fatalf("before it begins: %d frames, %v", len(b.Frames), err)
			}
			if n := len(s.(Namer).InterfaceNames()); n > 0 || s.Stats() != (wire.SourceStats{}) {
				t.Errorf("before it begins: %d names, %+v", n, s.Stats())
			}
			if send != nil {
				close(more)
				got, err := next(s, len(frames))
				switch {
				case name == "frames":
					checkFrames(t, got, frames)
					if n := len(s.(Namer).InterfaceNames()); err != nil || n != 1 || s.Stats().Frames != 3 || s.(Informer).Info().Format != "pcapng" {
						t.Errorf("%d names, %+v, %v", n, s.Stats(), err)
					}
				case err == nil || !strings.HasPrefix(err.Error(), uri+": is not a trace of a known format"):
					t.Errorf("no trace: %v", err)
				}
			} else {
				defer close(more)
			}
			for range 2 {
				if err := s.Close(); err != nil {
					t.Error(err)
				}
				if err := s.Read(b); !errors.Is(err, os.ErrClosed) {
					t.Errorf("Read after Close: %v", err)
				}
			}
		})
	}
}

// TestTCPSilentOpen: whoever waits for a server's first words is let go when it
// closes the connection.
func TestTCPSilentOpen(t *testing.T) {
	uri := serve(t, "127.0.0.1:0", func(net.Conn) {})
	if _, err := Open(uri, Options{}); err == nil || err.Error() != uri+": is empty" {
		t.Errorf("%v", err)
	}
}
