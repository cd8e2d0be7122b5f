package filter

// portName is a port.
type portName struct {
	number uint32
	over   uint32 // the one transport protocol that has it under this name; 0: several have
}

// ports are the names of ports: the better known ones of IANA's registry, and
// names that systems give them besides.
var ports = map[string]portName{
	"tcpmux": {1, ipTCP}, "echo": {7, 0}, "discard": {9, 0}, "systat": {11, ipTCP},
	"daytime": {13, 0}, "netstat": {15, ipTCP}, "qotd": {17, ipTCP}, "chargen": {19, 0},
	"ftp-data": {20, ipTCP}, "ftp": {21, ipTCP}, "ssh": {22, ipTCP}, "telnet": {23, ipTCP},
	"smtp": {25, ipTCP}, "mail": {25, ipTCP}, "time": {37, 0}, "whois": {43, ipTCP},
	"tacacs": {49, 0}, "domain": {53, 0}, "bootps": {67, ipUDP}, "bootpc": {68, ipUDP},
	"tftp": {69, ipUDP}, "gopher": {70, ipTCP}, "finger": {79, ipTCP}, "http": {80, ipTCP},
	"www": {80, ipTCP}, "kerberos": {88, 0}, "kerberos5": {88, 0}, "krb5": {88, 0},
	"iso-tsap": {102, ipTCP}, "pop3": {110, ipTCP}, "pop-3": {110, ipTCP}, "sunrpc": {111, 0},
	"portmapper": {111, 0}, "auth": {113, ipTCP}, "ident": {113, ipTCP}, "nntp": {119, ipTCP},
	"ntp": {123, ipUDP}, "epmap": {135, ipTCP}, "loc-srv": {135, ipTCP}, "netbios-ns": {137, ipUDP},
	"netbios-dgm": {138, ipUDP}, "netbios-ssn": {139, ipTCP}, "imap2": {143, ipTCP}, "imap": {143, ipTCP},
	"snmp": {161, 0}, "snmp-trap": {162, 0}, "snmptrap": {162, 0}, "xdmcp": {177, ipUDP},
	"bgp": {179, ipTCP}, "smux": {199, ipTCP}, "ipx": {213, ipUDP}, "ptp-event": {319, ipUDP},
	"ptp-general": {320, ipUDP}, "ldap": {389, 0}, "svrloc": {427, 0}, "https": {443, 0},
	"microsoft-ds": {445, ipTCP}, "kpasswd": {464, 0}, "submissions": {465, ipTCP}, "isakmp": {500, ipUDP},
	"rtsp": {554, 0}, "ipp": {631, ipTCP}, "ldp": {646, 0}, "exec": {512, ipTCP},
	"biff": {512, ipUDP}, "login": {513, ipTCP}, "who": {513, ipUDP}, "shell": {514, ipTCP},
	"syslog": {514, 0}, "printer": {515, ipTCP}, "talk": {517, ipUDP}, "ntalk": {518, ipUDP},
	"route": {520, ipUDP}, "router": {520, ipUDP}, "uucp": {540, ipTCP}, "klogin": {543, ipTCP},
	"kshell": {544, ipTCP}, "dhcpv6-client": {546, ipUDP}, "dhcpv6-server": {547, ipUDP}, "afpovertcp": {548, ipTCP},
	"nntps": {563, ipTCP}, "submission": {587, ipTCP}, "ldaps": {636, 0}, "kerberos-adm": {749, ipTCP},
	"domain-s": {853, 0}, "rsync": {873, ipTCP}, "ftps-data": {989, ipTCP}, "ftps": {990, ipTCP},
	"telnets": {992, ipTCP}, "imaps": {993, ipTCP}, "pop3s": {995, ipTCP}, "socks": {1080, ipTCP},
	"openvpn": {1194, 0}, "rmiregistry": {1099, ipTCP}, "ms-sql-s": {1433, ipTCP}, "ms-sql-m": {1434, ipUDP},
	"l2f": {1701, ipUDP}, "l2tp": {1701, ipUDP}, "radius": {1812, 0}, "radius-acct": {1813, 0},
	"cisco-sccp": {2000, ipTCP}, "nfs": {2049, 0}, "cvspserver": {2401, ipTCP}, "dict": {2628, ipTCP},
	"isns": {3205, 0}, "iscsi-target": {3260, ipTCP}, "mysql": {3306, ipTCP}, "ms-wbt-server": {3389, ipTCP},
	"nut": {3493, 0}, "distcc": {3632, ipTCP}, "daap": {3689, ipTCP}, "svn": {3690, ipTCP},
	"sieve": {4190, ipTCP}, "epmd": {4369, ipTCP}, "ipsec-nat-t": {4500, ipUDP}, "iax": {4569, ipUDP},
	"sip": {5060, 0}, "sip-tls": {5061, 0}, "xmpp-client": {5222, ipTCP}, "xmpp-server": {5269, ipTCP},
	"mdns": {5353, ipUDP}, "postgresql": {5432, ipTCP}, "amqps": {5671, ipTCP}, "amqp": {5672, ipTCP},
	"x11": {6000, ipTCP}, "gnutella-svc": {6346, 0}, "gnutella-rtr": {6347, 0}, "redis": {6379, ipTCP},
	"afs3-fileserver": {7000, ipUDP}, "http-alt": {8080, ipTCP}, "webcache": {8080, ipTCP}, "zabbix-agent": {10050, ipTCP},
	"zabbix-trapper": {10051, ipTCP}, "amanda": {10080, ipTCP}, "git": {9418, ipTCP}, "webmin": {10000, ipTCP},
	"ircd": {6667, ipTCP}, "syslog-tls": {6514, ipTCP}, "munin": {4949, ipTCP}, "nrpe": {5666, ipTCP},
	"ircs-u": {6697, ipTCP},
}
