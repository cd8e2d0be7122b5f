package lines

import (
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// Name is the name of a file, which may tell of the time: the verbs of strftime
// %Y %m %d %H %M %S %j, and %% for a percent sign.
type Name struct {
	text string
	zone *time.Location
}

// verb is what stands for one verb of a name.
type verb struct {
	width int
	of    func(time.Time) int
}

var verbs = map[byte]verb{
	'Y': {4, time.Time.Year},
	'm': {2, func(t time.Time) int { return int(t.Month()) }},
	'd': {2, time.Time.Day},
	'H': {2, time.Time.Hour},
	'M': {2, time.Time.Minute},
	'S': {2, time.Time.Second},
	'j': {3, time.Time.YearDay},
}

// ParseName checks a name. Times are those of zone; nil is UTC.
func ParseName(text string, zone *time.Location) (Name, error) {
	if zone == nil {
		zone = time.UTC
	}
	if text == "" || strings.IndexByte(text, 0) >= 0 {
		return Name{}, errors.New("it is no file's name")
	}
	for i := 0; i < len(text); i++ {
		if text[i] != '%' {
			continue
		}
		i++
		if i == len(text) {
			return Name{}, errors.New("% at its end: a percent sign is %%")
		}
		if _, known := verbs[text[i]]; !known && text[i] != '%' {
			return Name{}, fmt.Errorf("%q means nothing: known are %%Y %%m %%d %%H %%M %%S %%j, and %%%% for a percent sign", text[i-1:i+1])
		}
	}
	return Name{text, zone}, nil
}

// String is the name as it was given.
func (n Name) String() string { return n.text }

// Varies reports whether the name changes with time.
func (n Name) Varies() bool {
	return strings.Contains(strings.ReplaceAll(n.text, "%%", ""), "%")
}

// At is the name of the file for a time.
func (n Name) At(t time.Time) string {
	t = t.In(n.zone)
	return n.expand(func(c byte) string { return string([]byte{c}) }, func(v verb) string {
		digits := strconv.Itoa(v.of(t))
		return strings.Repeat("0", max(v.width-len(digits), 0)) + digits
	})
}

// next is a time behind t until which the name stays the same: where the shortest time
// that it tells of ends.
func (n Name) next(t time.Time) time.Time {
	t = t.In(n.zone)
	y, m, d := t.Date()
	past := time.Duration(t.Nanosecond()) // of that time
	switch {
	case n.has("S"):
		return t.Add(time.Second - past)
	case n.has("M"):
		past += time.Duration(t.Second()) * time.Second
		return t.Add(time.Minute - past)
	case n.has("H"):
		past += time.Duration(t.Minute())*time.Minute + time.Duration(t.Second())*time.Second
		return t.Add(time.Hour - past)
	case n.has("dj"):
		return time.Date(y, m, d+1, 0, 0, 0, 0, n.zone)
	case n.has("m"):
		return time.Date(y, m+1, 1, 0, 0, 0, 0, n.zone)
	}
	return time.Date(y+1, 1, 1, 0, 0, 0, 0, n.zone)
}

// has reports whether the name has one of some verbs.
func (n Name) has(verbs string) bool {
	for i := 0; i+1 < len(n.text); i++ {
		if n.text[i] != '%' {
			continue
		}
		if i++; strings.IndexByte(verbs, n.text[i]) >= 0 {
			return true
		}
	}
	return false
}

// Existing are the files that are there and that the name can stand for.
func (n Name) Existing() ([]string, error) { return filepath.Glob(n.pattern()) }

// Matches reports whether the name can stand for the file at path.
func (n Name) Matches(path string) bool {
	file, err := filepath.Abs(path)
	if err != nil {
		return false
	}
	if n.text, err = filepath.Abs(n.text); err != nil {
		return false
	}
	ok, err := filepath.Match(n.pattern(), file)
	return ok && err == nil
}

// pattern matches the names of all times, for filepath.Glob.
func (n Name) pattern() string {
	return n.expand(func(c byte) string {
		if strings.IndexByte("*?[", c) >= 0 {
			return string([]byte{'[', c, ']'})
		}
		if c == '\\' && filepath.Separator != '\\' {
			return `\\`
		}
		return string([]byte{c})
	}, func(v verb) string { return strings.Repeat("[0-9]", v.width) })
}

func (n Name) expand(plain func(byte) string, of func(verb) string) string {
	var b strings.Builder
	for i := 0; i < len(n.text); i++ {
		c := n.text[i]
		if c == '%' {
			i++
			if v, is := verbs[n.text[i]]; is {
				b.WriteString(of(v))
				continue
			}
		}
		b.WriteString(plain(c))
	}
	return b.String()
}
