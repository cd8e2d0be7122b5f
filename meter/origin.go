package meter

import (
	"netramet/meter/origin"
	"netramet/meter/packet"
)

// FillOrigin fills p.Origin, as the meter does for the packets whose rules ask for
// it. What an exporter has told stays.
func (c *Config) FillOrigin(p *packet.Packet) {
	told := p.Origin
	p.Origin.MeterID = c.MeterID
	c.Origins.Fill(p)
	if p.Flags&packet.Exported != 0 {
		p.Origin.Override(&told)
	}
}

// SetOrigins gives the meter another table of the addresses' origins. Flows stay
// as they are; packets from now on count by the new table.
func (s *Engine) SetOrigins(t *origin.Table) {
	s.m.cfg.Origins = t
	s.m.forgetVerdicts()
}
