//go:build linux

package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// check ends both programs in order and compares what was sent with what the meter has
// metered, and with the flow data.
func (s *service) check() error {
	time.Sleep(time.Second)
	if err := s.meter.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	if err := s.meter.Wait(); err != nil {
		return fmt.Errorf("netramet: %w", err)
	}
	if err := s.nema.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	if err := s.nema.Wait(); err != nil {
		return fmt.Errorf("nemac: %w", err)
	}
	log, err := os.ReadFile(s.file("meter.log"))
	if err != nil {
		return err
	}
	ends := regexp.MustCompile(`msg=end .*`).Find(log)
	metered, err := numberOf(ends, " packets=")
	if err != nil {
		return err
	}
	lost, err := numberOf(ends, " lost=")
	if err != nil {
		return err
	}
	packets, flows, collections, err := flowFileCounts(s.file("flows"))
	if err != nil {
		return err
	}
	fmt.Printf("\n%d packets sent, %d metered, %d lost; flow data: %d packets of %d flows in %d collections\n",
		s.load.sent, metered, lost, packets, flows, collections)
	if uint64(s.load.sent) != metered+lost || packets != metered {
		return errors.New("packets are missing, or counted twice")
	}
	return nil
}

// flowFileCounts adds up the newest counts of each flow of a flow data file.
func flowFileCounts(path string) (packets uint64, flows, collections int, err error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, 0, 0, err
	}
	defer f.Close()
	newest := map[string]uint64{}
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		line := lines.Text()
		if strings.HasPrefix(line, "#Time:") {
			collections++
		}
		w := strings.Fields(line)
		if strings.HasPrefix(line, "#") || len(w) != 5 {
			continue
		}
		to, err1 := strconv.ParseUint(w[3], 10, 64)
		from, err2 := strconv.ParseUint(w[4], 10, 64)
		if err := errors.Join(err1, err2); err != nil {
			return 0, 0, 0, err
		}
		newest[w[0]+" "+w[1]] = to + from
	}
	for _, n := range newest {
		packets += n
	}
	return packets, len(newest), collections, lines.Err()
}
