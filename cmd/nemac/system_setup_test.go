package main

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"netramet/reader"
	"netramet/reader/flowfile"
)

// patience is how long a system test waits for what must happen.
const patience = 20 * time.Second

// TestSystem runs both programs as a user does: each in a process of its own,
// on loopback. The parts share the programs, which are built once.
func TestSystem(t *testing.T) {
	s := newSystem(t)
	for _, part := range []struct {
		name string
		run  func(*testing.T, *system)
	}{
		{"Equal", systemEqual},
		{"Order", systemOrder},
		{"Shared", systemShared},
		{"Intervals", systemIntervals},
		{"Time", systemTime},
		{"Killed", systemKilled},
		{"Gone", systemGone},
		{"StartedAgain", systemStartedAgain},
		{"Several", systemSeveral},
		{"Errors", systemErrors},
		{"Disk", systemDisk},
		{"Manage", systemManage},
		{"V3", systemV3},
		{"Narrow", systemNarrow},
		{"HangUp", systemHangUp},
		{"Top", systemTop},
		{"To", systemTo},
	} {
		t.Run(part.name, func(t *testing.T) {
			t.Parallel()
			part.run(t, s)
		})
	}
}

// system is the two programs, built for this test.
type system struct {
	meter, nemac string // paths
	temp         string // their directory for temporary files
}

func newSystem(t *testing.T) *system {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("ends programs by signals, which Windows has not")
	}
	dir := t.TempDir()
	build := exec.Command("go", "build", "-o", dir+string(filepath.Separator), "netramet/cmd/netramet", "netramet/cmd/nemac")
	if out, err := build.CombinedOutput(); err != nil {
		t.Skipf("the commands cannot be built here: %v\n%s", err, out)
	}
	return &system{filepath.Join(dir, "netramet"), filepath.Join(dir, "nemac"), t.TempDir()}
}

// process is one of the programs at work.
type process struct {
	t      testing.TB
	cmd    *exec.Cmd
	stdout bytes.Buffer // valid when ended is closed
	ended  chan struct{}

	mu   sync.Mutex
	err  bytes.Buffer  // standard error
	more chan struct{} // closed when there is more of it
}

// start starts a program. What still runs at the end of the test is killed.
func (s *system) start(t testing.TB, dir, program string, args ...string) *process {
	t.Helper()
	p := &process{t: t, ended: make(chan struct{})}
	p.cmd = exec.Command(program, args...)
	p.cmd.Dir = dir
	p.cmd.Env = append(os.Environ(), "TMPDIR="+s.temp, "TZ=UTC")
	p.cmd.Stdout, p.cmd.Stderr = &p.stdout, p
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(p.ended)
		_ = p.cmd.Wait() // its status is in ProcessState
	}()
	t.Cleanup(func() {
		p.kill()
		if t.Failed() {
			t.Logf("%s %q:\n%s", filepath.Base(program), args, p.stderr())
		}
	})
	return p
}

// Write implements io.Writer for the program's standard error.
func (p *process) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.more != nil {
		close(p.more)
		p.more = nil
	}
	return p.err.Write(b)
}

// look returns the standard error so far, and a channel that is closed when
// there is more.
func (p *process) look() (string, <-chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.more == nil {
		p.more = make(chan struct{})
	}
	return p.err.String(), p.more
}

func (p *process) stderr() string {
	text, _ := p.look()
	return text
}

// expect waits for something on standard error and returns what the
// expression found.
func (p *process) expect(expr string) []string {
	p.t.Helper()
	re := regexp.MustCompile(expr)
	late := time.After(patience)
	for {
		text, more := p.look()
		if found := re.FindStringSubmatch(text); found != nil {
			return found
		}
		select {
		case <-more:
		case <-p.ended:
			if !re.MatchString(p.stderr()) {
				p.t.Fatalf("%s ended without %q on standard error", filepath.Base(p.cmd.Path), expr)
			}
		case <-late:
			p.t.Fatalf("%s: no %q on standard error", filepath.Base(p.cmd.Path), expr)
		}
	}
}

// wait waits for the program's end and returns its exit status.
func (p *process) wait() int {
	p.t.Helper()
	select {
	case <-p.ended:
	case <-time.After(patience):
		p.t.Fatalf("%s does not end", filepath.Base(p.cmd.Path))
	}
	return p.cmd.ProcessState.ExitCode()
}

// want waits for the program's end, which must be with status.
func (p *process) want(status int) {
	p.t.Helper()
	if got := p.wait(); got != status {
		p.t.Fatalf("%s: exit status %d, want %d", filepath.Base(p.cmd.Path), got, status)
	}
}

// kill ends the program as nothing it could prepare for, and waits for that.
func (p *process) kill() {
	_ = p.cmd.Process.Kill() // it may have ended already
	<-p.ended
}

func (p *process) terminate() {
	p.t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		p.t.Fatal(err)
	}
}

// daemon is a managed meter at work, and its port.
type daemon struct {
	*process
	port string
}

// startMeter starts a managed meter on a free port, and waits until it
// listens.
func (s *system) startMeter(t testing.TB, args ...string) *daemon {
	t.Helper()
	p := s.start(t, "", s.meter, append([]string{"-m0", "--listen", "127.0.0.1"}, args...)...)
	return &daemon{p, p.expect(`msg=listening addr=127\.0\.0\.1:(\d+)`)[1]}
}

// startNemac starts nemac with its log on standard error.
func (s *system) startNemac(t testing.TB, port string, args ...string) *process {
	t.Helper()
	args = append([]string{"-L", "-", "--meter-name", "m", "-m", port}, args...)
	args = append(args, "127.0.0.1")
	if !slices.Contains(args, "-v3") {
		args = append(args, "private")
	}
	return s.start(t, "", s.nemac, args...)
}

// follow starts nemac on a meter that reads a trace.
func (s *system) follow(t testing.TB, port, flows string, rules []string, more ...string) *process {
	t.Helper()
	args := append([]string{"-C", "-F", flows}, more...)
	for _, r := range rules {
		args = append(args, "-r", r)
	}
	return s.startNemac(t, port, args...)
}

// batch is the flow data of one-command batch mode, without the first line,
// and its exit status.
func (s *system) batch(t testing.TB, args []string, rules ...string) (flows string, status int) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "batch.flows")
	args = append([]string{"-s", "-F", file, "--meter-name", "m"}, args...)
	p := s.start(t, "", s.meter, append(args, rules...)...)
	status = p.wait()
	return afterHeader(t, file), status
}

// checkFlows compares a flow file with what batch mode wrote.
func checkFlows(t testing.TB, file, want string) {
	t.Helper()
	if got := afterHeader(t, file); got != want {
		t.Errorf("%s differs from batch mode: %s", filepath.Base(file), firstDifference(got, want))
	}
}

// checkWhole checks that a file is the beginning of what batch mode wrote,
// in whole collections, and returns how many there are.
func checkWhole(t testing.TB, file, want string) (collections int) {
	t.Helper()
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) || err == nil && len(text) == 0 {
		return 0
	}
	if err != nil {
		t.Fatal(err)
	}
	if got := afterHeader(t, file); !strings.HasPrefix(want, got) {
		t.Errorf("%s is not the beginning of batch mode's: %s", filepath.Base(file), firstDifference(got, want))
	}
	r, err := flowfile.NewReader(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	for ; ; collections++ {
		c, err := r.NextCollection()
		if errors.Is(err, io.EOF) {
			return collections
		}
		if err != nil {
			t.Fatal(err)
		}
		var rec reader.Record
		for err == nil {
			err = r.NextRecord(&rec)
		}
		if !errors.Is(err, io.EOF) || !c.Complete {
			t.Errorf("%s: collection %d: complete %v, error %v", filepath.Base(file), collections+1, c.Complete, err)
		}
	}
}

// quiet checks that a program had nothing to warn of.
func (p *process) quiet() {
	p.t.Helper()
	for line := range strings.Lines(p.stderr()) {
		if strings.Contains(line, "level=WARN") || strings.Contains(line, "level=ERROR") || !strings.HasPrefix(line, "time=") {
			p.t.Errorf("%s says %s", filepath.Base(p.cmd.Path), line)
		}
	}
}

// freePort is a port of loopback that was free a moment ago.
func freePort(t testing.TB) string {
	t.Helper()
	c, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_, port, _ := net.SplitHostPort(c.LocalAddr().String())
	return port
}

// ruleFiles are files of the project's testdata.
func ruleFiles(names ...string) []string {
	files := slices.Clone(names)
	for i, n := range files {
		files[i] = testdata(n)
	}
	return files
}

// writeFile writes a file into a temporary directory and returns its path.
func writeFile(t testing.TB, name, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}
