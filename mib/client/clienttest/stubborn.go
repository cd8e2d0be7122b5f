package clienttest

import "netramet/mib/ber"

// Silence, as the status of Stubborn, is no answer at all.
const Silence = -1

// Stubborn is a Link.Meter that answers with an error-status to each GetBulk of
// SNMPv2c for more than so many repetitions, whatever their size.
func Stubborn(most int32, status int64) func(question []byte) (answer []byte, taken bool) {
	return func(question []byte) ([]byte, bool) {
		r := ber.NewReader(question)
		msg, err := r.Enter(ber.Sequence)
		if err != nil {
			return nil, false
		}
		version, err := msg.Int32()
		if err != nil || version != 1 {
			return nil, false
		}
		community, err := msg.Octets(ber.OctetString)
		if err != nil {
			return nil, false
		}
		pdu, err := msg.Enter(ber.GetBulkRequest)
		if err != nil {
			return nil, false
		}
		id, _ := pdu.Int32()
		_, _ = pdu.Int32()
		if reps, err := pdu.Int32(); err != nil || reps <= most {
			return nil, false
		}
		if status == Silence {
			return nil, true
		}
		var w ber.Writer
		w.Reset(make([]byte, 300))
		w.Empty(ber.Sequence)
		w.Int(ber.Integer, 0)
		w.Int(ber.Integer, status)
		w.Int(ber.Integer, int64(id))
		w.Wrap(ber.Response, 0)
		w.Octets(ber.OctetString, community)
		w.Int(ber.Integer, int64(version))
		w.Wrap(ber.Sequence, 0)
		return w.Bytes(), true
	}
}
