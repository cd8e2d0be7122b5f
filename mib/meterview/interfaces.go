package meterview

import (
	"fmt"

	"netramet/meter"
	"netramet/mib"
	"netramet/mib/agent"
	"netramet/sources/wire"
)

func (v *View) nextInterface(_ *agent.Request, after uint32) uint32 {
	return uint32(v.s.NextInterface(int(min(after, meter.MaxInterfaces))))
}

// interfaceTable is flowInterfaceTable.
func (v *View) interfaceTable() *rowTable {
	return &rowTable{readable(mib.ObjFlowInterfaceTable), v.nextInterface,
		func(_ *agent.Request, column, row uint32, val *agent.Value) agent.Status {
			x, _ := v.s.Interface(int(row))
			switch column {
			case mib.ColFlowInterfaceSampleRate:
				val.Int(int32(x.SampleRate))
			case mib.ColFlowInterfaceLostPackets:
				val.Counter32(uint32(x.Source.Dropped))
			}
			return agent.OK
		}}
}

// ifMtu is the largest packet a source may hand over, in octets.
const ifMtu = 65535

// ifTable is the part of IF-MIB's ifTable that makes sense for interfaces that
// are only listened to, and for traces. Nothing of it can be written, which
// IF-MIB allows.
func (v *View) ifTable() *rowTable {
	return &rowTable{readable(mib.ObjIfTable), v.nextInterface,
		func(_ *agent.Request, column, row uint32, val *agent.Value) agent.Status {
			x, _ := v.s.Interface(int(row))
			switch column {
			case mib.ColIfIndex:
				val.Int(int32(row))
			case mib.ColIfDescr:
				if x.Name == "" {
					x.Name = fmt.Sprintf("interface %d", row)
				}
				adminString(val, x.Name)
			case mib.ColIfType:
				val.Int(ifType(x.LinkType))
			case mib.ColIfMtu:
				val.Int(ifMtu)
			case mib.ColIfSpeed:
				val.Gauge32(0) // not known
			case mib.ColIfPhysAddress:
				val.Octets(nil)
			case mib.ColIfAdminStatus:
				val.Int(1) // up
			case mib.ColIfOperStatus:
				state := int32(1) // up
				if x.Down {
					state = 2
				}
				val.Int(state)
			case mib.ColIfLastChange:
				val.TimeTicks(0) // before the meter started
			case mib.ColIfInOctets:
				val.Counter32(uint32(x.Octets))
			case mib.ColIfInUcastPkts:
				val.Counter32(uint32(x.Packets))
			case mib.ColIfInDiscards:
				val.Counter32(uint32(x.Source.Dropped))
			case mib.ColIfInErrors:
				val.Counter32(uint32(x.Source.Damaged))
			case mib.ColIfInUnknownProtos:
				val.Counter32(uint32(x.Source.Skipped))
			default: // nothing is ever sent
				val.Counter32(0)
			}
			return agent.OK
		}}
}

// ifType is the type of an interface whose frames are of a link type
// (IANAifType-MIB).
func ifType(link wire.LinkType) int32 {
	const other, ethernetCsmacd, ppp, softwareLoopback = 1, 6, 23, 24
	switch link {
	case wire.LinkEthernet:
		return ethernetCsmacd
	case wire.LinkPPP, wire.LinkPPPHDLC, wire.LinkPPPEther, wire.LinkPPPWithDir:
		return ppp
	case wire.LinkNull, wire.LinkLoop:
		return softwareLoopback
	}
	return other
}

// laneTable is ntmLaneTable.
func (v *View) laneTable() *rowTable {
	next := func(_ *agent.Request, after uint32) uint32 {
		if int64(after) < int64(v.s.Lanes()) {
			return after + 1
		}
		return 0
	}
	return &rowTable{readable(mib.ObjNtmLaneTable), next,
		func(q *agent.Request, column, row uint32, val *agent.Value) agent.Status {
			lane := v.s.Lane(int(row))
			switch column {
			case mib.ColNtmLanePackets:
				val.Counter64(lane.Packets)
			case mib.ColNtmLaneFlows:
				val.Gauge32(clampGauge(uint64(lane.Flows)))
			case mib.ColNtmLaneStreams:
				val.Gauge32(clampGauge(lane.Streams))
			case mib.ColNtmLaneBusy:
				if v.cfg.Busy == nil {
					return agent.NoSuchInstance
				}
				val.Gauge32(min(v.cfg.Busy(int(row), q.Now), 1000))
			}
			return agent.OK
		}}
}
