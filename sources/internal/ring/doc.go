// Package ring is the kernel's side of live capture: AF_PACKET sockets with a
// memory-mapped receive ring of the third kind (TPACKET_V3), whose blocks it hands
// over as batches of frames without copying them.
//
// It owns the mapped memory, which block belongs to whom, and what the ring's
// headers mean; it is the one place of capture that uses unsafe. It knows neither
// names of interfaces nor when they come and go, and never waits. Only sources/live
// uses it; on other systems than Linux it is empty.
package ring

// MinBlocks is the least number of blocks of a ring: eight batches may be in
// flight, each in a block of its own, while the kernel fills others.
const MinBlocks = 16
