package live

import (
	"sync/atomic"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"netramet/sources/wire"
)

// bare is the least that can read a ring: what the source is measured beside. It
// waits in poll, walks each block, looks at each packet's times, lengths and type,
// and gives the block back. It knows one ring, no batches, no tags and no links
// that change.
type bare struct {
	fd            int
	mem           []byte
	size, next    int
	packets, sums uint64
}

// newBare opens a ring of the same size as a source's.
func newBare(t testing.TB, name string, opt Options) *bare {
	t.Helper()
	fail := func(err error) {
		if err != nil {
			t.Helper()
			t.Fatal(err)
		}
	}
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0)
	fail(err)
	t.Cleanup(func() { unix.Close(fd) })
	fail(unix.SetsockoptInt(fd, unix.SOL_PACKET, unix.PACKET_VERSION, unix.TPACKET_V3))
	req := unix.TpacketReq3{
		Block_size: uint32(opt.BlockOctets), Block_nr: uint32(opt.RingOctets / opt.BlockOctets),
		Frame_size: 2048, Frame_nr: uint32(opt.RingOctets / 2048), Retire_blk_tov: uint32(BlockTimeout.Milliseconds()),
	}
	fail(unix.SetsockoptTpacketReq3(fd, unix.SOL_PACKET, unix.PACKET_RX_RING, &req))
	mem, err := unix.Mmap(fd, 0, opt.RingOctets, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	fail(err)
	t.Cleanup(func() { unix.Munmap(mem) })
	r, err := unix.NewIfreq(name)
	fail(err)
	fail(unix.IoctlIfreq(fd, unix.SIOCGIFINDEX, r))
	fail(unix.Bind(fd, &unix.SockaddrLinklayer{Protocol: 0x0300, Ifindex: int(r.Uint32())}))
	return &bare{fd: fd, mem: mem, size: opt.BlockOctets}
}

// read reads a block, or waits for one for MaxSilence at most.
func (r *bare) read() {
	block := r.mem[r.next*r.size : (r.next+1)*r.size]
	head := (*unix.TpacketHdrV1)(unsafe.Pointer(&block[8]))
	if atomic.LoadUint32(&head.Block_status)&unix.TP_STATUS_USER == 0 {
		unix.Poll([]unix.PollFd{{Fd: int32(r.fd), Events: unix.POLLIN}}, int(MaxSilence.Milliseconds()))
		return
	}
	at := head.Offset_to_first_pkt
	for range head.Num_pkts {
		h := (*unix.Tpacket3Hdr)(unsafe.Pointer(&block[at]))
		data := block[at+uint32(h.Mac):][:h.Snaplen]
		r.sums += uint64(h.Sec) + uint64(h.Nsec) + uint64(h.Len) + uint64(data[12])
		at += h.Next_offset
	}
	r.packets += uint64(head.Num_pkts)
	atomic.StoreUint32(&head.Block_status, unix.TP_STATUS_KERNEL)
	if r.next++; r.next*r.size == len(r.mem) {
		r.next = 0
	}
}

// dropped are the packets that the ring had no room for since it was last asked.
func (r *bare) dropped(t testing.TB) uint64 {
	st, err := unix.GetsockoptTpacketStatsV3(r.fd, unix.SOL_PACKET, unix.PACKET_STATISTICS)
	if err != nil {
		t.Fatal(err)
	}
	return uint64(st.Drops)
}

// reader is a source or a bare loop, beside which it is measured.
type reader interface {
	read(testing.TB) (packets uint64) // in all
	lost(testing.TB) uint64           // in all
}

type bareReader struct {
	*bare
	all uint64
}

func (r *bareReader) read(testing.TB) uint64 { r.bare.read(); return r.packets }

func (r *bareReader) lost(t testing.TB) uint64 {
	r.all += r.dropped(t)
	return r.all
}

// sourceReader reads a source and looks at what bare looks at.
type sourceReader struct {
	*Source
	batch         wire.Batch
	packets, sums uint64
}

func (r *sourceReader) read(t testing.TB) uint64 {
	if err := r.Read(&r.batch); err != nil {
		t.Fatal(err)
	}
	for i := range r.batch.Frames {
		f := &r.batch.Frames[i]
		r.sums += uint64(f.Time) + uint64(f.WireLen) + uint64(f.Data[12])
	}
	r.packets += uint64(len(r.batch.Frames))
	return r.packets
}

func (r *sourceReader) lost(testing.TB) uint64 { return r.Stats().Dropped }
