package main

import (
	"fmt"
	"log/slog"
	"time"

	"netramet/sources/live"
)

const (
	// dropsEvery is how often it is looked whether packets are lost.
	dropsEvery = time.Second
	// dropsQuiet is how long none must be lost before that is over.
	dropsQuiet = 10 * time.Second
)

// drops tells when interfaces begin to lose packets, and when that has ended.
type drops struct {
	due  time.Time
	seen map[uint8]*dropping
}

// dropping is what is known of an interface.
type dropping struct {
	on           bool
	lost, taken  uint64    // counts at the last look
	lost0, held0 uint64    // counts before it began
	began, last  time.Time // valid while on: when it began, and when packets were lost last
}

// dropNews is what there is to tell of an interface that begins or ceases to lose
// packets.
type dropNews struct {
	name  string
	begun bool
	lost  uint64 // since it began
	taken uint64 // packets that came through meanwhile
	took  time.Duration
	total uint64 // lost since the start
	words dropWords
}

// dropWords are how a kind of link speaks of what is lost.
type dropWords struct {
	what  string
	cause string // and what to do
}

func (o *options) dropWords() dropWords {
	const slow = "the meter is too slow for them, or was stopped; %s takes more of a burst"
	switch {
	case o.socket() != "":
		return dropWords{"flow records", "export datagrams do not arrive, or come faster than they are read; net.core.rmem_max bounds what takes a burst of them"}
	case o.readsCards():
		return dropWords{"packets", fmt.Sprintf(slow, "dagconfig mem=")}
	}
	return dropWords{"packets", fmt.Sprintf(slow, "--ring")}
}

// look looks at the interfaces at a time, if it is time, and returns the news. At the
// end of a run, what goes on is over.
func (d *drops) look(now time.Time, list func() []live.Interface, ended bool) (news []dropNews) {
	if now.Before(d.due) && !ended {
		return nil
	}
	d.due = now.Add(dropsEvery)
	if d.seen == nil {
		d.seen = make(map[uint8]*dropping)
	}
	for _, x := range list() {
		s := d.seen[x.Number]
		if s == nil {
			s = &dropping{}
			d.seen[x.Number] = s
		}
		if x.Dropped > s.lost {
			s.last = now
			if !s.on {
				s.on, s.began, s.lost0, s.held0 = true, now, s.lost, s.taken
				news = append(news, dropNews{name: x.Name, begun: true, lost: x.Dropped - s.lost0, total: x.Dropped})
			}
		}
		s.lost, s.taken = x.Dropped, x.Packets
		if s.on && (ended || now.Sub(s.last) >= dropsQuiet) {
			s.on = false
			news = append(news, dropNews{name: x.Name, lost: s.lost - s.lost0, taken: s.taken - s.held0, took: s.last.Sub(s.began), total: s.lost})
		}
	}
	return news
}

// String is the news in a line.
func (n *dropNews) String() string {
	if n.begun {
		return fmt.Sprintf("interface %s: %s are lost, %d so far: %s", n.name, n.words.what, n.lost, n.words.cause)
	}
	return fmt.Sprintf("interface %s: no more %s are lost: there were %d within %v, and %d were metered",
		n.name, n.words.what, n.lost, n.took.Round(time.Second), n.taken)
}

// tell logs the news.
func (n *dropNews) tell(log *slog.Logger) {
	if n.begun {
		log.Warn(fmt.Sprintf("%s are lost: %s", n.words.what, n.words.cause),
			slog.String("interface", n.name), slog.Uint64("lost", n.lost), slog.Uint64("total", n.total))
		return
	}
	log.Warn(fmt.Sprintf("no more %s are lost", n.words.what), slog.String("interface", n.name), slog.Uint64("lost", n.lost),
		slog.Uint64("metered", n.taken), slog.Duration("within", n.took.Round(time.Second)), slog.Uint64("total", n.total))
}
