package filter

import (
	"encoding/binary"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/net/bpf"

	"netramet/sources/wire"
)

// FuzzCompile: no expression makes the compiler fail but by an error of its own,
// and every program is one that golang.org/x/net/bpf takes too and runs alike.
func FuzzCompile(f *testing.F) {
	for _, text := range expressions(f) {
		f.Add(text, []byte("\x02\x00\x00\x00\x00\x01\x02\x00\x00\x00\x00\x02\x08\x00\x45\x00"))
	}
	f.Fuzz(func(t *testing.T, text string, data []byte) {
		e, err := Parse(text)
		if err != nil {
			if _, ok := err.(*Error); !ok || err.Error() == "" || !strings.Contains(err.Error(), err.(*Error).Message) {
				t.Fatalf("%v", err)
			}
			return
		}
		for _, link := range linkTypes {
			p, err := e.Compile(link)
			if err != nil {
				continue
			}
			if len(p.code) > MaxInstructions {
				t.Fatalf("%d instructions", len(p.code))
			}
			sameAsNet(t, p.code, data)
		}
	})
}

// FuzzProgram: whatever program is verified gives what golang.org/x/net/bpf does.
func FuzzProgram(f *testing.F) {
	r := rand.New(rand.NewPCG(1, 1))
	for range 20 {
		f.Add(randomProgram(r), []byte("some octets of a packet that is read"))
	}
	f.Fuzz(func(t *testing.T, program, data []byte) {
		var code []bpf.RawInstruction
		for ; len(program) >= 8 && len(code) < MaxInstructions; program = program[8:] {
			code = append(code, bpf.RawInstruction{
				Op: binary.LittleEndian.Uint16(program), Jt: program[2], Jf: program[3], K: binary.LittleEndian.Uint32(program[4:])})
		}
		if verify(code) == nil {
			sameAsNet(t, code, data)
		}
	})
}

// TestRandomPrograms is FuzzProgram on programs that most often are verified.
func TestRandomPrograms(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 2))
	ran := 0
	for range 20000 {
		raw, data := randomProgram(r), make([]byte, r.IntN(40))
		for i := range data {
			data[i] = byte(r.IntN(256))
		}
		var code []bpf.RawInstruction
		for ; len(raw) > 0; raw = raw[8:] {
			code = append(code, bpf.RawInstruction{Op: binary.LittleEndian.Uint16(raw), Jt: raw[2], Jf: raw[3], K: binary.LittleEndian.Uint32(raw[4:])})
		}
		if verify(code) == nil {
			ran++
			sameAsNet(t, code, data)
		}
	}
	if ran < 1000 {
		t.Errorf("%d programs ran", ran)
	}
}

// randomProgram makes up to 20 instructions that there are.
func randomProgram(r *rand.Rand) (raw []byte) {
	var ops []uint16
	for op, kind := range kinds {
		if kind != kindNone {
			ops = append(ops, uint16(op))
		}
	}
	n := 1 + r.IntN(20)
	for i := range n {
		op, k := ops[r.IntN(len(ops))], uint32(r.IntN(24))
		if i == n-1 {
			op = opRetA
		}
		if op != opJump && r.IntN(8) == 0 {
			k = r.Uint32()
		}
		raw = binary.LittleEndian.AppendUint16(raw, op)
		raw = append(raw, byte(r.IntN(3)), byte(r.IntN(3)))
		raw = binary.LittleEndian.AppendUint32(raw, k)
	}
	return raw
}

// sameAsNet runs code here and there.
func sameAsNet(t *testing.T, code []bpf.RawInstruction, data []byte) {
	t.Helper()
	if strconv.IntSize == 32 {
		return // that machine takes large offsets for negative ones there, and panics
	}
	program := make([]bpf.Instruction, len(code))
	for i, in := range code {
		if in.Op == opLdxLen || in.Op == opNeg { // which that machine does not know
			return
		}
		program[i] = in.Disassemble()
	}
	vm, err := bpf.NewVM(program)
	if err != nil {
		t.Fatalf("verified here, there: %v\n%v", err, program)
	}
	want, err := vm.Run(data)
	if err != nil {
		t.Fatalf("%v\n%v", err, program)
	}
	if got := (&Program{code}).run(data, uint32(len(data))); int(got) != want && int32(got) != int32(want) {
		t.Errorf("%d here, %d there\n%v\n%x", got, want, program, data)
	}
}

// TestSameAsNet: all expressions on all link types give the same on both
// machines, on made frames.
func TestSameAsNet(t *testing.T) {
	for _, link := range []wire.LinkType{wire.LinkEthernet, wire.LinkRaw, wire.LinkSunATM} {
		list := frames(t, link)
		for i, text := range expressions(t) {
			e, err := Parse(text)
			if err != nil {
				t.Errorf("%s: %v", text, err)
				continue
			}
			if p, err := e.Compile(link); err == nil {
				for j := i % 40; j < len(list); j += 40 {
					sameAsNet(t, p.code, list[j].Data)
				}
			}
		}
	}
}

// TestVerify: what could run away, or out of its memory, is refused.
func TestVerify(t *testing.T) {
	ret := bpf.RawInstruction{Op: opRetK}
	for name, code := range map[string][]bpf.RawInstruction{
		"nothing":             {},
		"too much":            make([]bpf.RawInstruction, MaxInstructions+1),
		"no such instruction": {{Op: 0x1f}, ret},
		"a wide code":         {{Op: 0x106}, ret},
		"no end":              {{Op: opTax}},
		"a jump out":          {{Op: opJump, K: 1}, ret},
		"a far jump out":      {{Op: opJump, K: 0xffffffff}, ret},
		"a branch out":        {{Op: opJeqK, Jt: 1}, ret},
		"another branch out":  {{Op: opJeqX, Jf: 1}, ret},
		"a kernel's offset":   {{Op: opLdb, K: 0xfffff000}, ret},
		"a register":          {{Op: opSt, K: 16}, ret},
		"a division":          {{Op: opDivK}, ret},
		"a remainder":         {{Op: opModK}, ret},
		"a shift":             {{Op: opLshK, K: 32}, ret},
	} {
		if _, err := newProgram(code); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if _, err := newProgram([]bpf.RawInstruction{{Op: opJump}, {Op: opJeqK, Jt: 1}, {Op: opTax}, ret}); err != nil {
		t.Error(err)
	}
}
