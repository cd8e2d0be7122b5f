package live

import (
	"encoding/binary"
	"encoding/json"
	"io"
	"net"
	"os/exec"
	"testing"
	"time"

	"netramet/sources/sourcetest/netns"
	"netramet/sources/wire"
)

// linkOctets are the octets that an interface has received and sent.
func linkOctets(t *testing.T, name string) (n uint64) {
	t.Helper()
	out, err := exec.Command("ip", "-json", "-stats", "link", "show", name).Output()
	if err != nil {
		t.Fatal(err)
	}
	var links []struct {
		Stats64 struct {
			RX struct{ Bytes uint64 }
			TX struct{ Bytes uint64 }
		}
	}
	if err := json.Unmarshal(out, &links); err != nil || len(links) != 1 {
		t.Fatalf("%v: %s", err, out)
	}
	return links[0].Stats64.RX.Bytes + links[0].Stats64.TX.Bytes
}

// TestMergedPackets: a TCP transfer whose packets the system has merged is counted
// as many octets as the interface has counted, and its data by the lengths of IP.
func TestMergedPackets(t *testing.T) {
	netns.Enter(t)
	netns.Pair(t, "a0", "b0")
	const size = 8 << 20
	listening, received, counted := make(chan bool, 1), make(chan int64, 1), make(chan bool)
	netns.Beyond(t, "b0", func() {
		defer func() { <-counted }() // with the namespace the pair ends
		defer close(received)
		defer close(listening)
		exec.Command("ip", "link", "set", "b0", "arp", "on", "up").Run()
		exec.Command("ip", "addr", "add", "10.9.0.2/24", "dev", "b0").Run()
		l, err := net.Listen("tcp4", "10.9.0.2:5001")
		listening <- err == nil
		if err != nil {
			return
		}
		defer l.Close()
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		n, _ := io.Copy(io.Discard, c)
		received <- n
	})
	defer close(counted)
	netns.IP(t, "addr add 10.9.0.1/24 dev a0")
	netns.IP(t, "link set a0 arp on")
	var told []Event
	s := open(t, Options{Interfaces: []string{"a0"}, Tell: func(e Event) { told = append(told, e) }})
	before := linkOctets(t, "a0")
	if !<-listening {
		t.Fatal("nobody listens beyond")
	}
	c, err := net.DialTimeout("tcp4", "10.9.0.2:5001", patience)
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		defer c.Close()
		c.Write(make([]byte, size))
	}()
	data, ended := transfer(t, s), <-received
	if ended != size {
		t.Fatalf("%d octets received of %d", ended, size)
	}
	if data != size {
		t.Errorf("%d octets of data counted, %d sent", data, size)
	}
	i := s.Interfaces()[0]
	if after := linkOctets(t, "a0"); i.Octets != after-before {
		t.Errorf("%d octets counted, by the interface %d", i.Octets, after-before)
	}
	if i.Merged == 0 || i.Dropped != 0 || i.Packets >= size/1448 {
		t.Errorf("merged packets: %+v", i)
	}
	kinds := 0
	for _, e := range told {
		if e.Kind == Merging {
			kinds++
		}
	}
	if kinds != 1 {
		t.Errorf("merging was told %d times: %v", kinds, told)
	}
}

// transfer reads to the end of a TCP connection and of silence, and returns how much
// data went to port 5001, each octet once.
func transfer(t *testing.T, s *Source) (data uint64) {
	t.Helper()
	var b wire.Batch
	defer b.Release()
	var first, last uint32
	fins, silent := 0, 0
	for end := time.Now().Add(patience); fins < 2 || silent < 5; {
		if err := s.Read(&b); err != nil {
			t.Fatal(err)
		}
		if silent++; len(b.Frames) > 0 {
			silent = 0
		}
		for _, f := range b.Frames {
			ip := f.Data[14:]
			if binary.BigEndian.Uint16(f.Data[12:]) != 0x0800 || ip[9] != 6 {
				continue
			}
			tcp := ip[20:]
			total := uint32(binary.BigEndian.Uint16(ip[2:]))
			if f.WireLen != 14+total {
				t.Fatalf("%d octets on the wire, %d by the IP header", f.WireLen, total)
			}
			if tcp[13]&1 != 0 {
				fins++
			}
			if binary.BigEndian.Uint16(tcp[2:]) != 5001 {
				continue
			}
			seq := binary.BigEndian.Uint32(tcp[4:])
			if tcp[13]&2 != 0 {
				first, last = seq+1, seq+1
				continue
			}
			if n := total - 20 - uint32(tcp[12]>>4)*4; n > 0 && int32(seq+n-last) > 0 {
				last = seq + n
			}
		}
		if time.Now().After(end) {
			t.Fatal("the connection does not end")
		}
	}
	return uint64(last - first)
}
