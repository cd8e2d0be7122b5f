package tracefile

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
)

// Formats are the names of the formats that are written.
var Formats = []string{"pcap", "pcapng", "erf"}

// suffixes of the compressions that are written, and the names of these.
var suffixes = map[string]string{
	".gz": "gzip", ".zst": "zstd", ".zstd": "zstd", ".xz": "xz", ".lz4": "lz4", ".sz": "snappy",
}

// unwritten are the suffixes of those that are only read.
var unwritten = map[string]string{".bz2": "bzip2", ".lzo": "lzop", ".z": "compress", ".zip": "zip"}

// target is what a URI asks for.
type target struct {
	path, format, compression string // "-": standard output; "": none
}

// parse takes a URI apart: "format:path" or a path, whose suffixes tell format and
// compression. Standard output is pcapng unless the URI says something else, for
// pcapng holds every trace.
func parse(uri string) (t target, err error) {
	t.path = uri
	for _, f := range Formats {
		if path, ok := strings.CutPrefix(uri, f+":"); ok {
			t.format, t.path = f, path
		}
	}
	base, suffix := cutSuffix(filepath.Base(t.path))
	if name, ok := unwritten[suffix]; ok {
		return t, fmt.Errorf("%s: %s is read and not written; give .gz, .zst, .xz, .lz4, .sz, or no compression", uri, name)
	}
	if c, ok := suffixes[suffix]; ok {
		t.compression = c
		_, suffix = cutSuffix(base)
	}
	switch {
	case t.path == "":
		return t, errors.New("no file name")
	case t.format != "":
	case t.path == "-":
		t.format = "pcapng"
	default:
		for _, f := range Formats {
			if suffix == "."+f {
				t.format = f
			}
		}
	}
	if t.format == "" {
		return t, fmt.Errorf("%s: its name tells no format: let it end in .pcap, .pcapng or .erf, perhaps with .gz, .zst, .xz, .lz4 or .sz behind, or write pcapng:%s", uri, uri)
	}
	return t, nil
}

// cutSuffix splits a name at its last suffix, which is returned in lower case.
func cutSuffix(name string) (base, suffix string) {
	suffix = filepath.Ext(name)
	return strings.TrimSuffix(name, suffix), strings.ToLower(suffix)
}

// Check reports what is wrong with a URI, before anything is opened.
func Check(uri string) error {
	_, err := parse(uri)
	return err
}

// Path is the path of a URI, "-" for standard output.
func Path(uri string) string {
	t, _ := parse(uri)
	return t.path
}
