//go:build linux

package main

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// peers are the other flow meters, each told to hold all flows of the trace and
// to write nothing before its end, as far as it can be told. None of them counts
// octets of frames but argus.
func peers() []*tool {
	return []*tool{
		{
			name: "nfpcapd", needs: []string{"nfpcapd", "nfdump"},
			command: func(t *trace, dir string) command {
				// Its nodes hold one direction of a flow each.
				return command{program: "nfpcapd", args: []string{"-r", t.file, "-w", dir, "-B", strconv.Itoa(max(524288, 4*t.flows)), "-e", "3600,3600", "-t", "3600"}}
			},
			sums: nfdumpSums,
		},
		{
			name: "softflowd", needs: []string{"softflowd"},
			command: func(t *trace, dir string) command {
				return command{program: "softflowd", args: []string{"-r", t.file, "-d", "-6", "-m", strconv.Itoa(2 * t.flows),
					"-p", filepath.Join(dir, "pid"), "-c", "none"}}
			},
			sums: softflowdSums,
		},
		{
			name: "argus", needs: []string{"argus", "racount"},
			command: func(t *trace, dir string) command {
				return command{program: "argus", args: []string{"-r", t.file, "-w", filepath.Join(dir, "argus"), "-S", "3600"}}
			},
			sums: argusSums,
		},
		{
			name: "tracereport -F", needs: []string{"tracereport"},
			command: func(t *trace, dir string) command {
				file, err := filepath.Abs(t.file)
				if err != nil {
					file = t.file
				}
				return command{program: "tracereport", args: []string{"-F", "pcapfile:" + file}, dir: dir}
			},
			// What it calls a flow begins anew with each SYN and FIN, and it
			// tells nothing else.
			sums: func(*done, string) (sums, error) { return sums{}, nil },
		},
		{
			name: "pmacctd", needs: []string{"pmacctd"},
			// A flow takes 4 KB of its cache, and it sleeps for 12 s.
			only:    func(t *trace) bool { return t.flows <= 100_000 },
			command: pmacctd,
			sums:    pmacctdSums,
		},
	}
}

// numberOf finds a number behind a word in what a program printed.
func numberOf(text []byte, word string) (uint64, error) {
	m := regexp.MustCompile(regexp.QuoteMeta(word) + `\s*(\d+)`).FindSubmatch(text)
	if m == nil {
		return 0, fmt.Errorf("no %q in what was printed", word)
	}
	return strconv.ParseUint(string(m[1]), 10, 64)
}

func nfdumpSums(_ *done, dir string) (s sums, err error) {
	d, err := command{program: "nfdump", args: []string{"-R", dir, "-I"}}.run()
	if err != nil {
		return s, err
	}
	if s.Packets, err = numberOf(d.stdout, "\nPackets:"); err != nil {
		return s, err
	}
	s.IPOctets, err = numberOf(d.stdout, "\nBytes:")
	return s, err
}

func softflowdSums(d *done, _ string) (s sums, err error) {
	text := append(d.stdout, d.stderr...)
	if s.Packets, err = numberOf(text, "Packets processed:"); err != nil {
		return s, err
	}
	if s.Flows, err = numberOf(text, "Flows expired:"); err != nil {
		return s, err
	}
	for _, m := range regexp.MustCompile(`(?m)^\s*\S+ \(\d+\):\s+(\d+)`).FindAllSubmatch(text, -1) {
		n, err := strconv.ParseUint(string(m[1]), 10, 64)
		if err != nil {
			return s, err
		}
		s.IPOctets += n
	}
	return s, nil
}

func argusSums(_ *done, dir string) (s sums, err error) {
	d, err := command{program: "racount", args: []string{"-r", filepath.Join(dir, "argus")}}.run()
	if err != nil {
		return s, err
	}
	for line := range strings.Lines(string(d.stdout)) {
		if f := strings.Fields(line); len(f) > 5 && f[0] == "sum" {
			if s.Packets, err = strconv.ParseUint(f[2], 10, 64); err != nil {
				return s, err
			}
			s.FrameOctets, err = strconv.ParseUint(f[5], 10, 64)
			return s, err
		}
	}
	return s, fmt.Errorf("racount tells no sum: %s", d.stdout)
}

// pmacctd writes its configuration where it writes its flows. Its own sizes
// of the buffers between its processes are for links: from a large trace it ends
// without any flow.
func pmacctd(t *trace, dir string) command {
	conf := filepath.Join(dir, "conf")
	text := fmt.Sprintf(`daemonize: false
pcap_savefile: %s
plugins: print[x]
plugin_buffer_size: 1000000
plugin_pipe_size: 100000000
aggregate[x]: src_host, dst_host, src_port, dst_port, proto
print_output_file[x]: %s
print_output[x]: csv
print_refresh_time[x]: 3600
print_cache_entries[x]: %d
`, t.file, filepath.Join(dir, "flows"), 4*t.flows+1)
	// A file that cannot be written shows when pmacctd does not find it.
	_ = os.WriteFile(conf, []byte(text), 0o666)
	return command{program: "pmacctd", args: []string{"-f", conf}}
}

func pmacctdSums(_ *done, dir string) (s sums, err error) {
	f, err := os.Open(filepath.Join(dir, "flows"))
	if err != nil {
		return s, err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		f := bytes.Split(lines.Bytes(), []byte(","))
		if len(f) < 2 || bytes.HasPrefix(f[len(f)-1], []byte("BYTES")) {
			continue
		}
		packets, err1 := strconv.ParseUint(string(f[len(f)-2]), 10, 64)
		octets, err2 := strconv.ParseUint(string(f[len(f)-1]), 10, 64)
		if err1 != nil || err2 != nil {
			return s, fmt.Errorf("pmacctd wrote %q", lines.Text())
		}
		s.Packets += packets
		s.IPOctets += octets
	}
	return s, lines.Err()
}
