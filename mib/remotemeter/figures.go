package remotemeter

import (
	"context"

	"netramet/mib"
	"netramet/mib/client"
)

// Figures are a meter's counts since it started, and what it holds now.
type Figures struct {
	Packets, Octets               uint64 // read
	Damaged                       uint64 // records
	SampledOut, Unsupported       uint64 // packets not metered
	Ignored, NotMatched           uint64 // packets, of all rule sets
	RefusedPackets, RefusedOctets uint64 // of new flows that found the flow table full, or the meter in flood mode
	FloodedPackets, FloodedOctets uint64 // those of them that flood mode refused
	Behind, BadTimes              uint64 // packets with odd time stamps
	Streams, MaxStreams           uint64
	Memory                        uint64 // of the tables, in KiB

	// NoCounts says that the meter does not tell what it has counted, as in
	// SNMPv1, which has no counters of 64 bits.
	NoCounts bool
}

// Figures asks for the meter's figures. Those it does not have, as a meter of
// another make has none and SNMPv1 no counters of 64 bits, are 0.
func (m *Meter) Figures(ctx context.Context) (Figures, error) {
	var f Figures
	fields := []struct {
		obj mib.Obj
		to  *uint64
	}{
		{mib.ObjNtmPacketsRead, &f.Packets}, {mib.ObjNtmOctetsRead, &f.Octets}, {mib.ObjNtmPacketsDamaged, &f.Damaged},
		{mib.ObjNtmPacketsSampledOut, &f.SampledOut}, {mib.ObjNtmPacketsUnsupported, &f.Unsupported},
		{mib.ObjNtmPacketsIgnored, &f.Ignored}, {mib.ObjNtmPacketsNotMatched, &f.NotMatched},
		{mib.ObjNtmPacketsRefused, &f.RefusedPackets}, {mib.ObjNtmOctetsRefused, &f.RefusedOctets},
		{mib.ObjNtmPacketsFlooded, &f.FloodedPackets}, {mib.ObjNtmOctetsFlooded, &f.FloodedOctets},
		{mib.ObjNtmPacketsBehind, &f.Behind}, {mib.ObjNtmPacketsBadTime, &f.BadTimes},
		{mib.ObjNtmStreamsInUse, &f.Streams}, {mib.ObjNtmMaxStreams, &f.MaxStreams}, {mib.ObjNtmMemory, &f.Memory},
	}
	names := make([]client.Name, len(fields))
	for i := range fields {
		names[i] = client.Inst(fields[i].obj)
	}
	v, err := m.Get(ctx, names...)
	if err != nil {
		return f, err
	}
	for i := range fields {
		*fields[i].to = v[i].Num
	}
	// If they were read one after the other.
	f.FloodedPackets, f.FloodedOctets = min(f.FloodedPackets, f.RefusedPackets), min(f.FloodedOctets, f.RefusedOctets)
	f.NoCounts = v[0].Missing
	return f, nil
}
