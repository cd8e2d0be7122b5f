package client

import (
	"errors"
	"fmt"
	"strings"

	"github.com/gosnmp/gosnmp"
)

// Version is a version of SNMP.
type Version uint8

// The versions.
const (
	V2c Version = iota // the default
	V1
	V3
)

// ParseVersion reads a version as net-snmp's -v has it: 1, 2c or 3.
func ParseVersion(s string) (Version, error) {
	switch strings.ToLower(s) {
	case "1":
		return V1, nil
	case "2", "2c":
		return V2c, nil
	case "3":
		return V3, nil
	}
	return 0, fmt.Errorf("SNMP version %q is not 1, 2c or 3", s)
}

// Security is who asks and how it is proved. Printing one shows no secret.
type Security struct {
	Version   Version
	Community string // v1, v2c

	// v3, in net-snmp's words: Level is noAuthNoPriv, authNoPriv or authPriv;
	// empty is what the passphrases given allow.
	User     string
	Level    string
	Auth     string // MD5, SHA, SHA-224 .. SHA-512; empty is SHA
	AuthPass string
	Priv     string // DES, AES, AES-192, AES-256; empty is AES
	PrivPass string
}

// String tells the version and user only.
func (s Security) String() string {
	switch s.Version {
	case V1:
		return "SNMPv1"
	case V3:
		return "SNMPv3 user " + s.User
	}
	return "SNMPv2c"
}

// GoString is String, so that no form of printing shows a secret.
func (s Security) GoString() string { return s.String() }

var authNames = map[string]gosnmp.SnmpV3AuthProtocol{
	"": gosnmp.SHA, "MD5": gosnmp.MD5, "SHA": gosnmp.SHA, "SHA1": gosnmp.SHA,
	"SHA224": gosnmp.SHA224, "SHA256": gosnmp.SHA256, "SHA384": gosnmp.SHA384, "SHA512": gosnmp.SHA512,
}

var privNames = map[string]gosnmp.SnmpV3PrivProtocol{
	"": gosnmp.AES, "DES": gosnmp.DES, "AES": gosnmp.AES, "AES128": gosnmp.AES,
	"AES192": gosnmp.AES192, "AES256": gosnmp.AES256,
}

var levelNames = map[string]gosnmp.SnmpV3MsgFlags{
	"noauthnopriv": gosnmp.NoAuthNoPriv, "nanp": gosnmp.NoAuthNoPriv,
	"authnopriv": gosnmp.AuthNoPriv, "anp": gosnmp.AuthNoPriv,
	"authpriv": gosnmp.AuthPriv, "ap": gosnmp.AuthPriv,
}

const minPassphrase = 8 // octets, RFC 3414 §11.2

// Check reports what is wrong with s, without opening anything.
func (s Security) Check() error { return s.apply(&gosnmp.GoSNMP{}) }

// apply puts s into x.
func (s Security) apply(x *gosnmp.GoSNMP) error {
	switch s.Version {
	case V1, V2c:
		x.Version = gosnmp.Version2c
		if s.Version == V1 {
			x.Version = gosnmp.Version1
		}
		if len(s.Community) == 0 || len(s.Community) > maxCommunity {
			return fmt.Errorf("a community has 1 to %d octets", maxCommunity)
		}
		x.Community = s.Community
		return nil
	case V3:
		return s.applyV3(x)
	}
	return fmt.Errorf("no such version (%d)", s.Version)
}

func (s Security) applyV3(x *gosnmp.GoSNMP) error {
	level, err := s.level()
	if err != nil {
		return err
	}
	auth, ok := authNames[fold(s.Auth)]
	if !ok {
		return fmt.Errorf("authentication protocol %q is none of MD5, SHA, SHA-224, SHA-256, SHA-384, SHA-512", s.Auth)
	}
	priv, ok := privNames[fold(s.Priv)]
	if !ok {
		return fmt.Errorf("privacy protocol %q is none of DES, AES, AES-192, AES-256", s.Priv)
	}
	usm := &gosnmp.UsmSecurityParameters{
		UserName: s.User, AuthenticationProtocol: gosnmp.NoAuth, PrivacyProtocol: gosnmp.NoPriv,
	}
	if level&gosnmp.AuthNoPriv != 0 {
		usm.AuthenticationProtocol, usm.AuthenticationPassphrase = auth, s.AuthPass
	}
	if level == gosnmp.AuthPriv {
		usm.PrivacyProtocol, usm.PrivacyPassphrase = priv, s.PrivPass
	}
	x.Version, x.SecurityModel, x.MsgFlags, x.SecurityParameters = gosnmp.Version3, gosnmp.UserSecurityModel, level, usm
	return nil
}

// level finds the security level and checks that it has what it needs.
func (s Security) level() (gosnmp.SnmpV3MsgFlags, error) {
	if s.User == "" {
		return 0, errors.New("SNMPv3 needs a user name")
	}
	level := gosnmp.NoAuthNoPriv
	switch {
	case s.Level != "":
		l, ok := levelNames[strings.ToLower(s.Level)]
		if !ok {
			return 0, fmt.Errorf("security level %q is none of noAuthNoPriv, authNoPriv, authPriv", s.Level)
		}
		level = l
	case s.PrivPass != "":
		level = gosnmp.AuthPriv
	case s.AuthPass != "":
		level = gosnmp.AuthNoPriv
	}
	if level&gosnmp.AuthNoPriv != 0 && s.AuthPass == "" {
		return 0, errors.New("this security level needs an authentication passphrase")
	}
	if level == gosnmp.AuthPriv && s.PrivPass == "" {
		return 0, errors.New("the security level authPriv needs a privacy passphrase")
	}
	if level&gosnmp.AuthNoPriv != 0 && len(s.AuthPass) < minPassphrase {
		return 0, fmt.Errorf("the authentication passphrase has fewer than %d octets", minPassphrase)
	}
	if level == gosnmp.AuthPriv && len(s.PrivPass) < minPassphrase {
		return 0, fmt.Errorf("the privacy passphrase has fewer than %d octets", minPassphrase)
	}
	return level, nil
}

// fold makes "sha-256" and "SHA256" one name.
func fold(name string) string { return strings.ReplaceAll(strings.ToUpper(name), "-", "") }
