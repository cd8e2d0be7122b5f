package privileges

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
)

// inChild has the test binary be the program that drops its privileges, and is its
// user.
const inChild = "PRIVILEGES_TEST_USER"

// TestDrop: no thread keeps anything of root's but the capability to capture, and
// none gets it back.
func TestDrop(t *testing.T) {
	if name := os.Getenv(inChild); name != "" {
		dropAndShow(name)
		os.Exit(0)
	}
	if os.Geteuid() != 0 {
		t.Skip("dropping privileges needs root")
	}
	nobody, err := Lookup("nobody")
	if err != nil {
		t.Skipf("no user to become: %v", err)
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestDrop$")
	cmd.Env = append(os.Environ(), inChild+"=nobody")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	caps, noNew := "0000000000002000", "1" // CAP_NET_RAW
	if Supported(true) != nil {
		caps, noNew = "0000000000000000", "0"
	}
	uid := fmt.Sprint(nobody.UID)
	threads := 0
	for _, line := range lines {
		f := strings.Fields(line)
		switch {
		case line == "root again: false":
		case len(f) == 6 && f[0] == "thread":
			threads++
			if f[1] != uid || f[2] != caps || f[3] != caps || f[4] != "0000000000000000" || f[5] != noNew {
				t.Errorf("a thread has %s; want user %s, permitted and effective %s, no ambient, no new privileges: %s", line, uid, caps, noNew)
			}
		default:
			t.Errorf("unexpected: %s", line)
		}
	}
	if threads < 4 {
		t.Errorf("%d threads were looked at: %s", threads, out)
	}
}

// dropAndShow drops privileges while there are several threads, and shows each.
func dropAndShow(name string) {
	var up sync.WaitGroup
	stay := make(chan bool)
	for range 4 {
		up.Add(1)
		go func() {
			runtime.LockOSThread()
			up.Done()
			<-stay
		}()
	}
	up.Wait()
	u, err := Lookup(name)
	if err == nil {
		err = u.Drop()
	}
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	files, _ := filepath.Glob("/proc/self/task/*/status")
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			continue // it has ended
		}
		of := map[string]string{}
		for line := range strings.Lines(string(text)) {
			key, value, _ := strings.Cut(line, ":")
			of[key] = strings.TrimSpace(value)
		}
		uids := strings.Fields(of["Uid"])
		for _, id := range uids[1:] {
			if id != uids[0] {
				uids[0] += "," + id
			}
		}
		fmt.Println("thread", uids[0], of["CapPrm"], of["CapEff"], of["CapAmb"], of["NoNewPrivs"])
	}
	fmt.Println("root again:", (&User{UID: 0, groups: []int{0}}).Drop() == nil)
}

func TestLookup(t *testing.T) {
	for _, name := range []string{"root", "0", "no such user", "4294967296", ""} {
		if u, err := Lookup(name); err == nil {
			t.Errorf("%q is %+v", name, u)
		}
	}
}
