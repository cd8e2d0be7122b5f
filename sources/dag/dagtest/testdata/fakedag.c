/*
 * A libdag of no card: it plays a file of ERF records into a buffer that it maps
 * twice, as the drivers of DAG cards do.
 *
 * The device is the path of a text file, "KEY VALUE" in each line:
 *
 *   file PATH     the octets to be played: ERF records, unless raw is set
 *   streams N     receive streams 0, 2, ...; records go to them in turn (1)
 *   byflow 1      both directions of two IP addresses in Ethernet go to one stream
 *   repeat N      how often the file is played (1)
 *   buffer N      octets of each stream's buffer, a multiple of the page (65536)
 *   write N       the most octets that come with one advance, cut anywhere (all)
 *   stall N       of N advances one brings nothing: in turn the old top, and NULL
 *                 with EAGAIN (0: never)
 *   end ERRNO     what dag_advance_stream fails with at the end (0: silence)
 *   fail WHAT     open, attach, start or poll fails, with errno
 *   errno N       that errno (EIO)
 *   now 1         records are stamped with the time at which they are written
 *   lost N        packets were lost before the first record
 *   opened PATH   a file that is made when a stream is advanced
 *   report PATH   where counts of calls are written when the card is closed
 *
 * What a reader does that would be a fault of memory with a card ends the process:
 * giving back what it was not given, or using a stream that is not attached.
 *
 * Built with -DOLD it has the functions of old libraries, with -DCONFIG those of the
 * configuration and status API.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define STREAMS 8
#define CARDS 8
#define FIRST_FD 1000
#define RELEASED 0xee

struct stream {
	int attached, started;
	uint8_t *base;
	uint64_t head, tail;   /* octets written, given back */
	uint8_t *bottom, *top; /* as the reader was told */
	size_t at, done;       /* in the file: next record, octets of it that were written */
	long record, round;    /* number of the next record, how often the file was played */
	int finished;
	long advances;
};

struct card {
	int open;
	uint8_t *file;
	size_t length;
	long streams, repeat, buffer, write, stall, end, raw, byflow, now, lost, error;
	char fail[32], opened[4096], report[4096], parameters[256];
	struct stream s[STREAMS];
	long advances, attached, detached, started, stopped, polls;
	long mindata, wait_us;
};

static struct card cards[CARDS];

static void check(int ok, const char *what) {
	if (!ok) {
		fprintf(stderr, "fake libdag: %s\n", what);
		abort();
	}
}

static struct card *card_of(int fd) {
	check(fd >= FIRST_FD && fd < FIRST_FD + CARDS && cards[fd - FIRST_FD].open, "no such card is open");
	return &cards[fd - FIRST_FD];
}

static struct stream *stream_of(int fd, int n) {
	struct card *c = card_of(fd);
	check(n >= 0 && n % 2 == 0 && n / 2 < STREAMS && c->s[n / 2].attached, "no such stream is attached");
	return &c->s[n / 2];
}

static int fails(struct card *c, const char *what) {
	if (strcmp(c->fail, what) != 0)
		return 0;
	errno = c->error;
	return 1;
}

static int read_file(struct card *c, const char *path) {
	FILE *f = fopen(path, "rb");
	if (f == NULL)
		return -1;
	fseek(f, 0, SEEK_END);
	c->length = ftell(f);
	rewind(f);
	c->file = malloc(c->length + 1);
	if (c->file == NULL || fread(c->file, 1, c->length, f) != c->length)
		return -1;
	return fclose(f);
}

static int read_card(struct card *c, const char *path) {
	char line[8192], key[32], value[4096], name[4096] = "";
	FILE *f = fopen(path, "r");
	if (f == NULL)
		return -1;
	memset(c, 0, sizeof *c);
	c->streams = c->repeat = 1;
	c->buffer = 65536;
	c->write = 1L << 40;
	c->error = EIO;
	while (fgets(line, sizeof line, f) != NULL) {
		if (sscanf(line, "%31s %4095[^\n]", key, value) != 2)
			continue;
		long n = atol(value);
		if (!strcmp(key, "file")) strcpy(name, value);
		else if (!strcmp(key, "report")) strcpy(c->report, value);
		else if (!strcmp(key, "opened")) strcpy(c->opened, value);
		else if (!strcmp(key, "fail")) snprintf(c->fail, sizeof c->fail, "%.31s", value);
		else if (!strcmp(key, "streams")) c->streams = n;
		else if (!strcmp(key, "repeat")) c->repeat = n;
		else if (!strcmp(key, "buffer")) c->buffer = n;
		else if (!strcmp(key, "write")) c->write = n;
		else if (!strcmp(key, "stall")) c->stall = n;
		else if (!strcmp(key, "end")) c->end = n;
		else if (!strcmp(key, "raw")) c->raw = n;
		else if (!strcmp(key, "byflow")) c->byflow = n;
		else if (!strcmp(key, "now")) c->now = n;
		else if (!strcmp(key, "lost")) c->lost = n;
		else if (!strcmp(key, "errno")) c->error = n;
		else check(0, "unknown key of a card");
	}
	fclose(f);
	return name[0] ? read_file(c, name) : 0;
}

int dag_open(const char *device) {
	for (int i = 0; i < CARDS; i++) {
		struct card *c = &cards[i];
		if (c->open)
			continue;
		if (read_card(c, device) < 0 || fails(c, "open"))
			return -1;
		c->open = 1;
		return FIRST_FD + i;
	}
	errno = EMFILE;
	return -1;
}

int dag_close(int fd) {
	struct card *c = card_of(fd);
	FILE *f = c->report[0] ? fopen(c->report, "a") : NULL;
	for (int i = 0; i < STREAMS; i++)
		check(!c->s[i].attached, "a card is closed whose streams are attached");
	if (f != NULL) {
		fprintf(f, "attached %ld started %ld stopped %ld detached %ld polls %ld mindata %ld wait %ld parameters \"%s\"\n",
			c->attached, c->started, c->stopped, c->detached, c->polls, c->mindata, c->wait_us, c->parameters);
		fclose(f);
	}
	free(c->file);
	c->file = NULL;
	c->open = 0;
	return 0;
}

int dag_configure(int fd, char *parameters) {
	struct card *c = card_of(fd);
	if (fails(c, "configure"))
		return -1;
	snprintf(c->parameters, sizeof c->parameters, "%s", parameters);
	return 0;
}

static int attach(int fd, int n) {
	struct card *c = card_of(fd);
	if (fails(c, "attach"))
		return -1;
	if (n < 0 || n % 2 || n / 2 >= c->streams || n / 2 >= STREAMS) {
		errno = EINVAL;
		return -1;
	}
	struct stream *s = &c->s[n / 2];
	if (s->attached) {
		errno = EBUSY;
		return -1;
	}
	int mem = memfd_create("dag", 0);
	check(mem >= 0 && ftruncate(mem, c->buffer) == 0, "no memory");
	s->base = mmap(NULL, 2 * c->buffer, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	check(s->base != MAP_FAILED, "no address");
	for (int i = 0; i < 2; i++)
		check(mmap(s->base + i * c->buffer, c->buffer, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, mem, 0) != MAP_FAILED, "no mapping");
	close(mem);
	s->attached = 1;
	c->attached++;
	return 0;
}

static int set_poll(int fd, int n, long mindata, struct timeval *wait, struct timeval *poll) {
	struct card *c = card_of(fd);
	stream_of(fd, n);
	if (fails(c, "poll"))
		return -1;
	check(wait != NULL && poll != NULL, "poll parameters are not there");
	c->mindata = mindata;
	c->wait_us = wait->tv_sec * 1000000 + wait->tv_usec;
	c->polls++;
	return 0;
}

#ifdef OLD
int dag_attach_stream(int fd, int n, uint32_t flags, uint32_t window) { return attach(fd, n); }
int dag_set_stream_poll(int fd, int n, uint32_t mindata, struct timeval *wait, struct timeval *poll) {
	return set_poll(fd, n, mindata, wait, poll);
}
int dag_get_stream_buffer_size(int fd, int n) { return card_of(fd)->buffer; }
#else
int dag_attach_stream64(int fd, int n, uint32_t flags, uint64_t window) { return attach(fd, n); }
int dag_set_stream_poll64(int fd, int n, uint64_t mindata, struct timeval *wait, struct timeval *poll) {
	return set_poll(fd, n, mindata, wait, poll);
}
int64_t dag_get_stream_buffer_size64(int fd, int n) { return card_of(fd)->buffer; }
#endif

#ifdef CONFIG
struct reference { int fd; };

struct reference *dag_config_init(const char *device) {
	int fd = dag_open(device);
	if (fd < 0)
		return NULL;
	struct reference *r = malloc(sizeof *r);
	r->fd = fd;
	return r;
}
int dag_config_get_card_fd(struct reference *r) { return r->fd; }
int dag_config_dispose(struct reference *r) {
	dag_close(r->fd);
	free(r);
	return 0;
}
#endif

int dag_start_stream(int fd, int n) {
	struct card *c = card_of(fd);
	struct stream *s = stream_of(fd, n);
	if (fails(c, "start"))
		return -1;
	s->started = 1;
	c->started++;
	return 0;
}

int dag_stop_stream(int fd, int n) {
	struct stream *s = stream_of(fd, n);
	check(s->started, "a stream is stopped that was not started");
	s->started = 0;
	card_of(fd)->stopped++;
	return 0;
}

int dag_detach_stream(int fd, int n) {
	struct card *c = card_of(fd);
	struct stream *s = stream_of(fd, n);
	check(!s->started, "a stream is detached that was not stopped");
	munmap(s->base, 2 * c->buffer);
	s->attached = 0;
	c->detached++;
	return 0;
}

/* The stream that a record of n octets belongs to. */
static int stream_for(struct card *c, const uint8_t *record, size_t n, long number) {
	const uint8_t *ip = record + 16 + 2 + 14;
	size_t at = 0, length = 0;
	int sum = 0;
	if (!c->byflow)
		return number % c->streams;
	if (n >= 16 + 2 + 14 + 40 && ip[-2] == 0x08 && ip[-1] == 0x00)
		at = 12, length = 8;
	else if (n >= 16 + 2 + 14 + 40 && ip[-2] == 0x86 && ip[-1] == 0xdd)
		at = 8, length = 32;
	for (; length > 0; length--)
		sum += ip[at++];
	return sum % c->streams;
}

/* The rest of the record that a stream is at, 0 at the end. */
static size_t next_octets(struct card *c, struct stream *s, int index) {
	for (; s->round < c->repeat; s->round++, s->at = 0, s->record = 0) {
		while (s->at < c->length) {
			size_t n = c->raw ? c->length : (size_t)c->file[s->at + 10] << 8 | c->file[s->at + 11];
			if (stream_for(c, c->file + s->at, n, s->record) == index)
				return n - s->done;
			s->at += n;
			s->record++;
		}
	}
	s->finished = 1;
	return 0;
}

/* Stamps a record: seconds, and a fraction of 32 bits, little-endian. */
static void stamp(uint8_t *record) {
	struct timespec t;
	clock_gettime(CLOCK_REALTIME, &t);
	uint64_t ts = (uint64_t)t.tv_sec << 32 | ((uint64_t)t.tv_nsec << 32) / 1000000000;
	for (int i = 0; i < 8; i++)
		record[i] = ts >> 8 * i;
}

/* Writes what there is room for, as a card does, and cuts it where it must. */
static uint64_t write_records(struct card *c, struct stream *s, int index) {
	uint64_t written = 0, room = c->buffer - (s->head - s->tail);
	if (room > (uint64_t)c->write)
		room = c->write;
	while (written < room) {
		size_t n = next_octets(c, s, index);
		if (n == 0)
			break;
		if (s->done == 0 && c->now)
			stamp(c->file + s->at);
		if (s->done == 0 && c->lost) {
			c->file[s->at + 12] = c->lost >> 8;
			c->file[s->at + 13] = c->lost;
			c->lost = 0;
		}
		size_t part = n < room - written ? n : room - written;
		memcpy(s->base + s->head % c->buffer, c->file + s->at + s->done, part);
		s->head += part;
		written += part;
		s->done += part;
		if (part == n) {
			s->at += s->done;
			s->done = 0;
			s->record++;
		}
	}
	return written;
}

uint8_t *dag_advance_stream(int fd, int n, uint8_t **bottom) {
	struct card *c = card_of(fd);
	struct stream *s = stream_of(fd, n);
	check(s->started, "a stream is advanced that was not started");
	if (c->opened[0]) {
		FILE *f = fopen(c->opened, "w");
		check(f != NULL && fclose(f) == 0, "the file that tells of an advance");
		c->opened[0] = 0;
	}
	c->advances++;
	s->advances++;
	if (*bottom != NULL) {
		check(*bottom >= s->bottom && *bottom <= s->top, "what is given back was not there");
		memset(s->bottom, RELEASED, *bottom - s->bottom);
		s->tail += *bottom - s->bottom;
	}
	*bottom = s->base + s->tail % c->buffer;
	s->bottom = *bottom;
	s->top = s->bottom + (s->head - s->tail);
	if (c->stall && s->advances % c->stall == 0) {
		if (s->advances / c->stall % 2)
			return s->top;
		errno = EAGAIN;
		return NULL;
	}
	if (write_records(c, s, n / 2) == 0 && c->end) {
		int all = 1;
		for (int i = 0; i < c->streams; i++)
			all = all && (!c->s[i].attached || c->s[i].finished);
		if (all) {
			errno = c->end;
			return NULL;
		}
	}
	s->top = s->bottom + (s->head - s->tail);
	return s->top;
}
