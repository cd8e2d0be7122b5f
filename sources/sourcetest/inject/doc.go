// Package inject has the kernel give packets to an interface, at a rate that a sender
// in user space does not reach: what a link's readers are measured with.
//
// An eBPF program is run again and again by the kernel's own test facility
// (BPF_PROG_TEST_RUN with live frames, Linux 5.18). It waits until the next packet is
// due, makes it one of some thousand flows, and passes it on, as a driver does that has
// received it. So a packet costs the sender little more than what its way from the
// driver to the reader's ring costs anyway. Only benchmarks use it. It needs root.
package inject
