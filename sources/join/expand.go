package join

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"netramet/sources"
)

// Part is one file of a trace.
type Part struct {
	URI     string // as sources.Open takes it
	Path    string // of the URI
	Capture int    // which operand named it
	Size    int64  // octets, as stored; 0 if it is no regular file, and then it can be opened once
}

// Expand finds the files that operands name, in the order of their paths' octets.
// An operand is a path, or a pattern as filepath.Match has it, perhaps with a
// format before it ("erf:day/*.gz"), or "-", or the address of a server. A file that is there is never taken
// for a pattern; folders that a pattern matches are passed over. A file that is
// named more than once is read once.
func Expand(operands []string) ([]Part, error) {
	var parts []Part
	seen := make(map[string]bool)
	for capture, uri := range operands {
		format, path := sources.SplitURI(uri)
		names, err := matches(uri, path, len(operands) > 1)
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			if clean := filepath.Clean(name); !seen[clean] {
				seen[clean] = true
				parts = append(parts, part(format, name, capture))
			}
		}
	}
	if i := slices.IndexFunc(parts, func(p Part) bool { return sources.IsAddress(p.Path) }); i >= 0 && len(parts) > 1 {
		return nil, fmt.Errorf("%s: a connection is a trace alone", parts[i].Path)
	}
	slices.SortStableFunc(parts, func(a, b Part) int { return cmp.Compare(a.Path, b.Path) })
	return parts, nil
}

func part(format, path string, capture int) Part {
	p := Part{URI: path, Path: path, Capture: capture}
	if format != "" {
		p.URI = format + ":" + path
	} else if f, _ := sources.SplitURI(path); f != "" {
		p.URI = "." + string(filepath.Separator) + path // a pattern's match that looks like a format
	}
	if fi, err := os.Stat(path); err == nil && fi.Mode().IsRegular() {
		p.Size = fi.Size()
	}
	return p
}

// matches are the files of one operand. That one of several is missing is told at
// once, and not when its turn comes.
func matches(uri, path string, several bool) ([]string, error) {
	fi, err := os.Stat(path)
	switch {
	case path == "-" || path == "" || sources.IsAddress(path):
		return []string{path}, nil // Open says what is wrong with the latter
	case err == nil && fi.IsDir():
		return nil, fmt.Errorf("%s: is a directory; name its files, as in '%s'", path, filepath.Join(path, "*"))
	case err == nil || !errors.Is(err, fs.ErrNotExist):
		return []string{path}, nil
	case !strings.ContainsAny(path, `*?[`) && several:
		return nil, fmt.Errorf("%s: %w", path, errors.Unwrap(err))
	case !strings.ContainsAny(path, `*?[`):
		return []string{path}, nil
	}
	names, err := filepath.Glob(path)
	if err != nil {
		return nil, fmt.Errorf("%s: is no pattern: %w", uri, err)
	}
	names = slices.DeleteFunc(names, func(name string) bool {
		fi, err := os.Stat(name)
		return err == nil && fi.IsDir()
	})
	if len(names) == 0 {
		return nil, fmt.Errorf("%s: no file has such a name", uri)
	}
	return names, nil
}
