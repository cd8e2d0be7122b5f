package main

import (
	"fmt"
	"io"

	"netramet/internal/command"
)

const helpHead = `nemac downloads rule sets to traffic meters, starts them, and collects flow
data from them by SNMP.

Usage:
  nemac -r RULES [-c SECONDS] [options] METER COMMUNITY
  nemac -C -r RULES [options] METER COMMUNITY
  nemac --top[=N] -r RULES [options] METER COMMUNITY
  nemac -f CONFIG [options]
  nemac --read-only NAME [--format FILE] [options] METER COMMUNITY
  nemac --list | --stop NAME | --destroy NAME [options] METER COMMUNITY
  nemac --flows FILE... [--where CONDITION] [--by ATTRIBUTES] [--every TIME]
  nemac --check RULES... | nemac --compile RULES... | nemac --rules [@NAME...]

METER is a host name or address, with or without a port: gw, gw:1614, ::1,
[::1]:1614. COMMUNITY is the meter's write community, or @FILE with it in the
first line; without it NEMAC_COMMUNITY of the environment is used. SNMPv3 (-v 3)
needs no community but a user.

--flows asks flow data files, not meters: FILE is one of this project or of
NeTraMet 3.x or 4.x, perhaps compressed. Rows are flows, or what --by groups,
for all of the time or each --every of it.

RULES are rule sets: files in SRL or of low-level rules, or shipped ones as @hosts,
which nemac --rules lists.

Options:
`

const helpTail = `
Options may be written with their value glued on (-c300) or apart (-c 300). A
number of SECONDS may have a unit in its place: 90s, 5m, 36h, 1d.

Examples:
  nemac -c 300 -r @services gw private       flow data every five minutes
  nemac -c 300 -r campus.srl -m 1614 127.0.0.1 private
                                             the same by a rule file
  nemac -c 60 -r @hosts --to 'jsonl:%Y%m%d.jsonl' gw private
                                             as JSON Lines, a file each day
  nemac -C -r campus.srl -F f.flows 127.0.0.1 private
                                             each interval of a trace
  nemac -r all.srl -e few.srl -o 65 gw @/etc/nemac.community
                                             with a standby rule set
  nemac -v 3 -u noc -A @auth -X @priv -a SHA-256 -r campus.srl gw
                                             SNMPv3, encrypted
  nemac -f meters.conf                       many meters
  nemac --download-only -r master.srl gw private
  nemac --read-only master --format short.rules gw private
                                             one runs it, another reads it
  nemac --top -r @services gw private        what goes on there now?
  nemac --list gw private                    what is on the meter?
  nemac --flows day/*.flows --where 'DestTransAddress == https' --top 20
  nemac --flows day/*.flows --by SourcePeerAddress/24 --every 1h -F -
                                             questions to what was collected
  nemac --check campus.srl                   is the rule file right?

Exit status: 0 if all went well, 1 after an error, 2 for a wrong command line.
`

// printHelp explains every option, with examples.
func printHelp(w io.Writer) error {
	_, err := fmt.Fprint(w, helpHead, command.Usages(newFlags(defaults())), helpTail)
	return err
}
