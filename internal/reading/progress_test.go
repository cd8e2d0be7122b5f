package reading

import (
	"math/rand/v2"
	"sync"
	"testing"
)

// TestProgress: two goroutines, each of which counts what the other one waits for, both get
// to the end, whatever they wait for.
func TestProgress(t *testing.T) {
	for seed := range uint64(20) {
		made, used := newProgress(), newProgress()
		const n, room = 3000, 10
		var wg sync.WaitGroup
		wg.Go(func() {
			rnd := rand.New(rand.NewPCG(seed, 1))
			for i := range int64(n) {
				if !used.await(i+1-room, i+1-room+rnd.Int64N(room)) {
					t.Error("used is over")
				}
				made.step()
			}
			made.end()
		})
		wg.Go(func() {
			rnd := rand.New(rand.NewPCG(seed, 2))
			i := int64(0)
			for ; made.await(i+1, i+1+rnd.Int64N(room)); i++ {
				if made.get() > i+room {
					t.Error("more than there is room for")
				}
				used.step()
			}
			if i != n {
				t.Errorf("over after %d of %d", i, n)
			}
		})
		wg.Wait()
	}
}

// TestProgressEnds: who waits for what does not come is told so.
func TestProgressEnds(t *testing.T) {
	p := newProgress()
	told := make(chan bool)
	go func() { told <- p.await(1, 5) }()
	p.end()
	if <-told {
		t.Error("it has come")
	}
	p.goOn()
	go func() { told <- p.await(2, 2) }()
	p.step()
	p.step()
	if !<-told {
		t.Error("it has not come")
	}
}
