package sources

import (
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestOpenPlain(t *testing.T) {
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	if _, err := io.WriteString(w, strings.Repeat("some text\n", 1000)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, content string
		want          int // octets
		err           string
	}{
		{"plain", "some text\n", 10, ""},
		{"empty", "", 0, ""},
		{"packed", packed.String(), 10_000, ""},
		{"cut", packed.String()[:packed.Len()-9], -1, "EOF"},
		{"cut in the head", packed.String()[:5], -1, "EOF"},
		{"zipped", "PK\x03\x04 and so on", -1, "compressed with zip"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "file")
			if err := os.WriteFile(path, []byte(tt.content), 0o600); err != nil {
				t.Fatal(err)
			}
			var text []byte
			f, err := OpenPlain(path)
			if err == nil {
				text, err = io.ReadAll(f)
				if err := f.Close(); err != nil {
					t.Error(err)
				}
			}
			switch {
			case tt.err == "" && (err != nil || len(text) != tt.want):
				t.Errorf("%d octets, error %v", len(text), err)
			case tt.err != "" && (err == nil || !strings.Contains(err.Error(), tt.err)):
				t.Errorf("error %v, want %q", err, tt.err)
			}
		})
	}
	for _, path := range []string{"", "-", "tcp://127.0.0.1:1", t.TempDir()} {
		if _, err := OpenPlain(path); err == nil {
			t.Errorf("%q opens", path)
		}
	}
}
