package main

import (
	"fmt"
	"io"

	"netramet/internal/command"
)

const helpHead = `netramet meters a trace, or a link: it sorts the packets into flows by rule sets and
writes flow data. Without rule files it is the managed meter: managers download
rule sets, and readers collect the flow data, over SNMP.

Usage:
  netramet -C TRACE [-T SECONDS] [-N COUNT] [-F FILE] RULES...
  netramet -C TRACE [-T SECONDS] --top[=N] RULES...
  netramet -C TRACE [-T SECONDS] [-N COUNT] [-m PORT]
  netramet -i INTERFACE... -T SECONDS [-N COUNT] [-F FILE] RULES...
  netramet -i INTERFACE... [-m PORT]
  netramet --compile RULES...
  netramet -C TRACE --explain N RULES...
  netramet -C TRACE --write FILE [RULES...]
  netramet --info [--json] TRACE...
  netramet --rules [@NAME...]

TRACE is a pcap, pcapng, ERF, snoop or TSH file, plain or compressed (gzip, bzip2,
xz, zstd, lzop, lz4, snappy), or - for standard input; several files, or a pattern
in quotes, are one trace. RULES are rule sets: files in SRL or of low-level rules,
or shipped ones as @hosts, which --rules lists; each makes flows of its own.

Options:
`

const helpTail = `
Options may be written with their value glued on (-T60) or apart (-T 60). A
number of SECONDS may have a unit in its place: 90s, 5m, 36h, 2d.

Examples:
  netramet -C office.pcap @hosts               who spoke with whom, and how much
  netramet -C office.pcap @matrix=10.0.0.0/8,2001:db8::/32
                                               these networks against the rest
  netramet -C office.pcap 5tuple.srl           flows by a rule file of one's own
  netramet -C office.pcap -T60 -F f.flows a.srl b.srl
                                               two rule sets, every minute
  netramet -C office.pcap -T60 --to csv:f.csv @hosts
                                               for a spreadsheet, every minute
  zstdcat day.pcap.zst | netramet -C - hosts.srl
  netramet -C office.pcap -T300 -N12 hosts.srl the first hour
  netramet --octets=peer -C office.pcap 5tuple.srl
                                               count IP octets, not frames
  netramet -C office.pcap --explain 17 a.srl   why did packet 17 go there?
  netramet -C office.pcap --filter 'port 53' --write dns.pcapng.gz
                                               those packets as another trace
  netramet --info day1.erf.gz day2.erf.gz      what are these?
  netramet --compile services.srl > services.rules
  netramet -C office.pcap -T60 -m 1614         in step with nemac -C, over SNMP
  netramet -C office.pcap -T60 --users meter.users --state meter.state
           --listen 192.0.2.1                  the same for other hosts, by SNMPv3
  netramet -i eth0 -T60 -F live.flows hosts.srl
                                               an interface, every minute
  netramet -i eth0 -m 1614                     for nemac, which collects over SNMP
  netramet -C netflow://127.0.0.1:2055 -T60 -F f.flows @hosts
                                               what NetFlow, IPFIX and sFlow tell

The managed meter ends when the trace is read and collected, that of an interface
when it is told to. SIGTERM ends it, SIGHUP has it read --users and --prefixes again
and open -L anew, SIGUSR1 has it log how it is.

Exit status: 0 if all went well, 1 after an error or loss (what could be metered
is in the flow data), 2 for a wrong command line.
`

// printHelp explains every option, with examples.
func printHelp(w io.Writer) error {
	_, err := fmt.Fprint(w, helpHead, command.Usages(newFlags(&options{})), helpTail)
	return err
}
