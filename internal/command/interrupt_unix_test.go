//go:build unix

package command

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"
)

// inChild has the test binary be the program that is interrupted.
const inChild = "COMMAND_TEST_UNTIL_INTERRUPTED"

// TestUntilInterrupted: the first signal is told to the program, which may take its
// time to end; a second one ends the process.
func TestUntilInterrupted(t *testing.T) {
	if os.Getenv(inChild) != "" {
		ctx := UntilInterrupted()
		fmt.Println("ready")
		<-ctx.Done()
		fmt.Println("told")
		select {}
	}
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		t.Run(sig.String(), func(t *testing.T) {
			cmd := exec.Command(os.Args[0], "-test.run=^TestUntilInterrupted$")
			cmd.Env = append(os.Environ(), inChild+"=1")
			out, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Skipf("the test cannot start itself: %v", err)
			}
			t.Cleanup(func() { _ = cmd.Process.Kill() }) // where it has not ended
			lines := bufio.NewScanner(out)
			for _, want := range []string{"ready", "told"} {
				if !lines.Scan() || lines.Text() != want {
					t.Fatalf("the program says %q, want %q", lines.Text(), want)
				}
				if err := cmd.Process.Signal(sig); err != nil {
					t.Fatal(err)
				}
			}
			ended := make(chan struct{})
			go func() {
				defer close(ended)
				_ = cmd.Wait() // how is in ProcessState
			}()
			again := time.NewTicker(10 * time.Millisecond) // it may have come before signals were given back
			defer again.Stop()
			patience := time.After(20 * time.Second)
			for {
				select {
				case <-again.C:
					_ = cmd.Process.Signal(sig)
					continue
				case <-patience:
					_ = cmd.Process.Kill()
					t.Fatal("a second signal does not end the program")
				case <-ended:
				}
				break
			}
			if s, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || !s.Signaled() || s.Signal() != sig {
				t.Errorf("ended with %v", cmd.ProcessState)
			}
		})
	}
}
