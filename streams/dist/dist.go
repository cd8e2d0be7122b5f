// Package dist holds what RFC 2724 §3.2 says of distributions: how twelve octets
// of a rule specify one, the limits of its buckets, which bucket a value belongs to,
// and the memory of the counters.
//
// It is a leaf: it knows neither flows nor packets nor attributes. Package ruleset
// asks it whether a specification is sound, package meter counts in it.
package dist

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"math/bits"
)

// Transform says how the limits of the buckets are spaced.
type Transform uint8

// The transforms of RFC 2724 §3.2.
const (
	Linear      Transform = 1 // every bucket is as wide as the next one
	Logarithmic Transform = 2 // the limits grow by the same factor
)

// MaxScale keeps 65535 * 10^scale within 63 bits.
const MaxScale = 14

// Spec is what a rule says of a distribution.
type Spec struct {
	Transform Transform
	Scale     uint8  // power of ten of the two limits
	Lower     uint16 // highest value of the first bucket, before scaling
	Upper     uint16 // highest value of the last bucket, before scaling
	Buckets   uint8  // without the one for overflow
	// Parameters 1 to 3. Their meaning depends on the attribute.
	Parameter1             uint8
	Parameter2, Parameter3 uint16
}

// SpecOf reads the octets of a rule: transform, scale factor, lower and upper limit
// in the mask; number of buckets and three parameters in the value.
func SpecOf(mask, value [6]byte) Spec {
	two := func(b []byte) uint16 { return uint16(b[0])<<8 | uint16(b[1]) }
	return Spec{
		Transform: Transform(mask[0]), Scale: mask[1], Lower: two(mask[2:]), Upper: two(mask[4:]),
		Buckets: value[0], Parameter1: value[1], Parameter2: two(value[2:]), Parameter3: two(value[4:]),
	}
}

// ErrBuckets: the value of the rule says too few buckets. All other errors are of
// its mask.
var ErrBuckets = errors.New("at least two are needed")

// Check says what is wrong with a specification, nil if nothing is. of is whose it
// is, for the message.
func (s *Spec) Check(of fmt.Stringer) error {
	switch {
	case s.Transform != Linear && s.Transform != Logarithmic:
		return fmt.Errorf("transform %d of %s is neither 1 (linear) nor 2 (logarithmic)", s.Transform, of)
	case s.Upper <= s.Lower:
		return fmt.Errorf("the limits %d and %d of %s are not in order", s.Lower, s.Upper, of)
	case s.Transform == Logarithmic && s.Lower == 0:
		return fmt.Errorf("the lower limit of the logarithmic %s is 0", of)
	case s.Scale > MaxScale:
		return fmt.Errorf("the scale factor %d of %s is larger than %d", s.Scale, of, MaxScale)
	case s.Buckets == 1:
		return fmt.Errorf("%s has 1 bucket, %w", of, ErrBuckets)
	case s.Buckets == 0:
		return fmt.Errorf("%s has no buckets, %w", of, ErrBuckets)
	}
	return nil
}

// Limits are the highest values of the buckets, in order. It does not change.
type Limits []uint64

// Limits works out the limits of a specification that Check finds sound. With n
// buckets from L to U, both scaled, that of bucket i, from 0, is
//
//	L + (U - L) * i / (n - 1)       linear
//	L * (U / L) ^ (i / (n - 1))     logarithmic
//
// rounded down, for values are whole numbers. They are exact on every machine.
func (s *Spec) Limits() Limits {
	n := uint64(s.Buckets) - 1
	scale := uint64(1)
	for range s.Scale {
		scale *= 10
	}
	lower, upper := uint64(s.Lower)*scale, uint64(s.Upper)*scale
	limits := make(Limits, n+1)
	for i := range limits {
		if s.Transform == Linear {
			hi, lo := bits.Mul64(upper-lower, uint64(i))
			steps, _ := bits.Div64(hi, lo, n)
			limits[i] = lower + steps
			continue
		}
		limits[i] = logarithmic(lower, upper, uint64(i), n)
	}
	return limits
}

// logarithmic returns the largest whole number that is not above
// lower * (upper/lower)^(i/n). Floating point is near enough unless a whole number
// is near, too; then it is decided without.
func logarithmic(lower, upper, i, n uint64) uint64 {
	switch i {
	case 0:
		return lower
	case n:
		return upper
	}
	const doubt = 1e-11
	about := math.Exp(math.Log(float64(lower)) + math.Log(float64(upper)/float64(lower))*float64(i)/float64(n))
	low, high := uint64(about*(1-doubt)), uint64(about*(1+doubt))
	for low < high {
		if middle := low + (high-low+1)/2; isWithin(middle, lower, upper, i, n) {
			low = middle
		} else {
			high = middle - 1
		}
	}
	return low
}

// isWithin reports whether v <= lower * (upper/lower)^(i/n): whether
// v^n <= lower^(n-i) * upper^i.
func isWithin(v, lower, upper, i, n uint64) bool {
	power := func(base, exponent uint64) *big.Int {
		b, e := new(big.Int).SetUint64(base), new(big.Int).SetUint64(exponent)
		return b.Exp(b, e, nil)
	}
	limit := power(lower, n-i)
	limit.Mul(limit, power(upper, i))
	return power(v, n).Cmp(limit) <= 0
}

// Bucket returns the number, from 0, of the bucket that v belongs to: the first one
// whose highest value is not below v, or the one for overflow, behind the last.
func (l Limits) Bucket(v uint64) int {
	low, high := 0, len(l)
	for low < high {
		middle := int(uint(low+high) / 2)
		if l[middle] < v {
			low = middle + 1
		} else {
			high = middle
		}
	}
	return low
}
