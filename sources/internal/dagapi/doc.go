// Package dagapi calls libdag, the library of Endace's DAG cards: it loads it when a
// card is opened, so that nothing of it is needed to build or to run anything else,
// and shows the memory that a card writes its records to.
//
// It owns the card's descriptor and the pointers to that memory, and is the only
// place that handles them (with sources/internal's other packages of system calls).
// It knows no records and never waits. sources/dag calls it. Without the build tag
// dag, and on systems other than Linux with 64 bits, it is empty.
//
// The functions are those that libpcap (pcap-dag.c), libtrace (format_dag25.c) and
// Suricata (source-erf-dag.c) call, in the way in which they do.
package dagapi
