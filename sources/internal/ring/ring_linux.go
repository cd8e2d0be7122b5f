package ring

import (
	"fmt"
	"os"
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"

	"netramet/sources/wire"
)

// Config is what a ring is made with.
type Config struct {
	BlockOctets int           // a power of two, at least a page
	Blocks      int           // at least MinBlocks
	Timeout     time.Duration // a block with packets in it is handed over after that, in whole milliseconds
	Filter      []bpf.RawInstruction
}

// Ring is a socket and its receive ring. One goroutine fills batches; they may be
// released by any.
type Ring struct {
	fd    int
	links links

	mem    []byte // the mapping
	unmap  func([]byte) error
	size   int // octets of a block
	blocks []block
	users  atomic.Int32 // that hold the mapping: the ring itself, and each block that is held

	next int    // the block to be read next, or being read
	left uint32 // packets of it not read yet
	at   int    // offset of the next of them in it

	restored []uint8 // see Restored
	touch    byte    // what was read ahead; of no meaning
}

// block is one of the ring's blocks.
type block struct {
	ring   *Ring
	data   []byte
	desc   *blockDesc
	users  atomic.Int32 // the reader, and each batch
	held   atomic.Bool  // it is not the kernel's: set by the reader, cleared behind the kernel's status
	handle func(*wire.Batch)
}

// blockDesc is the head of a block: struct tpacket_block_desc, of version 1.
type blockDesc struct {
	version, private uint32
	status           uint32
	packets          uint32
	first            uint32
	octets           uint32
}

// Open makes a socket with its ring. It receives nothing before Bind.
func Open(cfg Config) (*Ring, error) {
	// Protocol 0 keeps the socket silent until everything is set.
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return nil, os.NewSyscallError("socket", err)
	}
	r := &Ring{fd: fd, size: cfg.BlockOctets, restored: make([]uint8, 0, wire.BatchSize)}
	if err := r.set(cfg); err != nil {
		unix.Close(fd)
		return nil, err
	}
	return r, nil
}

func (r *Ring) set(cfg Config) error {
	if err := unix.SetsockoptInt(r.fd, unix.SOL_PACKET, unix.PACKET_VERSION, unix.TPACKET_V3); err != nil {
		return fmt.Errorf("this kernel has no packet ring of version 3: %w", os.NewSyscallError("setsockopt", err))
	}
	if err := r.SetFilter(cfg.Filter); err != nil {
		return err
	}
	const frame = 2048 // of no meaning in a ring of version 3, but checked
	req := unix.TpacketReq3{
		Block_size:     uint32(cfg.BlockOctets),
		Block_nr:       uint32(cfg.Blocks),
		Frame_size:     frame,
		Frame_nr:       uint32(cfg.BlockOctets / frame * cfg.Blocks),
		Retire_blk_tov: uint32(cfg.Timeout.Milliseconds()),
	}
	if err := unix.SetsockoptTpacketReq3(r.fd, unix.SOL_PACKET, unix.PACKET_RX_RING, &req); err != nil {
		return fmt.Errorf("a ring of %d blocks of %d octets: %w", cfg.Blocks, cfg.BlockOctets, os.NewSyscallError("setsockopt", err))
	}
	mem, err := unix.Mmap(r.fd, 0, cfg.Blocks*cfg.BlockOctets, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return fmt.Errorf("a ring of %d blocks of %d octets: %w", cfg.Blocks, cfg.BlockOctets, os.NewSyscallError("mmap", err))
	}
	r.lay(mem)
	r.unmap = unix.Munmap
	return nil
}

// lay lays blocks over the memory.
func (r *Ring) lay(mem []byte) {
	r.mem = mem
	r.users.Store(1)
	r.blocks = make([]block, len(mem)/r.size)
	for i := range r.blocks {
		b := &r.blocks[i]
		b.ring = r
		b.data = mem[i*r.size : (i+1)*r.size : (i+1)*r.size]
		b.desc = (*blockDesc)(unsafe.Pointer(&b.data[0]))
		b.handle = func(*wire.Batch) { b.release() } // once, so that no batch allocates one
	}
}

// state is whose a block is.
type state int

const (
	kernels state = iota // being filled, or empty
	ready                // to be read
	taken                // read, and a batch still lies in it
)

// state returns whose the next block is.
func (b *block) state() state {
	switch {
	case b.held.Load():
		return taken
	case atomic.LoadUint32(&b.desc.status)&unix.TP_STATUS_USER == 0:
		return kernels
	}
	return ready
}

// Blocked reports whether the ring cannot go on before a batch is released: its
// blocks all belong to batches in flight.
func (r *Ring) Blocked() bool { return r.left == 0 && r.blocks[r.next].state() == taken }

// Pending reports whether there are packets to read.
func (r *Ring) Pending() bool { return r.left > 0 || r.blocks[r.next].state() == ready }

// enter takes the next block to be read, if there is one.
func (r *Ring) enter() bool {
	b := &r.blocks[r.next]
	if b.state() != ready {
		return false
	}
	b.users.Store(1)
	b.held.Store(true)
	r.users.Add(1)
	r.left, r.at = min(b.desc.packets, uint32(r.size/headsEnd)), int(b.desc.first)
	return true
}

// leave is done with the block that was read; batches may still lie in it.
func (r *Ring) leave() {
	b := &r.blocks[r.next]
	r.left = 0
	if r.next++; r.next == len(r.blocks) {
		r.next = 0
	}
	b.release()
}

// release gives up one use of a block. The last one gives the block back to the
// kernel, which takes blocks in order: one that comes back early waits for those
// before it.
func (b *block) release() {
	if b.users.Add(-1) != 0 {
		return
	}
	atomic.StoreUint32(&b.desc.status, unix.TP_STATUS_KERNEL)
	b.held.Store(false)
	b.ring.release()
}

// release gives up one use of the mapping.
func (r *Ring) release() {
	if r.users.Add(-1) == 0 && r.unmap != nil {
		_ = r.unmap(r.mem)
	}
}

// Close closes the socket. No Fill may be under way, and none may follow. The
// memory goes when the last batch that lies in it is released.
func (r *Ring) Close() error {
	// The mapping keeps the socket alive: let it receive nothing any more.
	_ = r.SetFilter(Nothing)
	if r.left > 0 {
		r.leave()
	}
	err := os.NewSyscallError("close", unix.Close(r.fd))
	r.release()
	return err
}
