package remotemeter

import (
	"context"
	"fmt"

	"netramet/mib"
	"netramet/mib/client"
)

// Control is what a manager looks after: how full the flow table is, what holds
// for the whole meter, and its own tasks.
type Control struct {
	Flows, MaxFlows int
	FloodMark       int // percent; 0 and 100 are none
	Flooded         bool
	Inactivity      int // flowInactivityTimeout, seconds
	// Refused counts packets of new flows that were refused, Flooded those of them
	// that flood mode refused; 0 where the meter does not tell.
	RefusedPackets, FloodedPackets uint64
	Tasks                          []TaskRow // those asked for; a Status of 0 is none
}

// Control asks for it. If reader is the index of a reader row that is not owner's,
// the error is ErrNoRow: then the tasks' numbers need not be theirs either. An
// index of 0 is no row.
func (m *Meter) Control(ctx context.Context, owner string, reader int, tasks []int) (Control, error) {
	names := []client.Name{client.Inst(mib.ObjFlowActiveFlows), client.Inst(mib.ObjFlowMaxFlows), client.Inst(mib.ObjFlowFloodMark), client.Inst(mib.ObjFlowFloodMode),
		client.Inst(mib.ObjFlowInactivityTimeout), client.Inst(mib.ObjNtmPacketsRefused), client.Inst(mib.ObjNtmPacketsFlooded), ReaderOwner(reader)}
	columns := [...]mib.Obj{mib.ObjFlowManagerStatus, mib.ObjFlowManagerCurrentRuleSet, mib.ObjFlowManagerStandbyRuleSet,
		mib.ObjFlowManagerHighWaterMark, mib.ObjFlowManagerOwner, mib.ObjFlowManagerRunningStandby}
	fixed := len(names)
	for _, task := range tasks {
		for _, col := range columns {
			names = append(names, client.Inst(col, uint32(task)))
		}
	}
	v, err := m.Get(ctx, names...)
	if err != nil {
		return Control{}, err
	}
	if row := v[7]; reader > 0 && (row.Missing || row.Text() != owner) {
		return Control{}, fmt.Errorf("%w (row %d)", ErrNoRow, reader)
	}
	k := Control{
		Flows: v[0].Int(), MaxFlows: v[1].Int(), FloodMark: v[2].Int(), Flooded: v[3].True(), Inactivity: v[4].Int(),
		RefusedPackets: v[5].Num, FloodedPackets: v[6].Num,
	}
	k.FloodedPackets = min(k.FloodedPackets, k.RefusedPackets) // if they were read one after the other
	for i, task := range tasks {
		k.Tasks = append(k.Tasks, taskRow(task, v[fixed+i*len(columns):]))
	}
	return k, nil
}

// Below reports whether the flow table is less full than a mark in percent; 0 and
// 100 are no mark, and mean that there is any room.
func (k *Control) Below(mark int) bool {
	if mark <= 0 || mark > 100 {
		mark = 100
	}
	return int64(k.Flows)*100 < int64(mark)*int64(k.MaxFlows)
}

// EndFlood takes the meter out of flood mode.
func (m *Meter) EndFlood(ctx context.Context) error {
	return m.Set(ctx, client.Bool(client.Inst(mib.ObjFlowFloodMode), false))
}
