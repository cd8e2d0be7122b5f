//go:build dag && linux && (amd64 || arm64)

package dagapi

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"syscall"
	"unsafe"

	"github.com/ebitengine/purego"
)

// Where the libraries are looked for, by the system's loader: the names that
// Endace's packages install, with and without a version.
var (
	dagNames  = []string{"libdag.so", "libdag.so.1"}
	confNames = []string{"libdagconf.so", "libdagconf.so.1"}
)

// Library is libdag, loaded. It stays so as long as the process runs.
type Library struct {
	// int dag_open(const char *device), int dag_close(int fd)
	open, close uintptr
	// int dag_configure(int fd, char *parameters); 0 where there is none
	configure uintptr
	// The configuration and status API, 0 where there is none:
	// dag_card_ref_t dag_config_init(const char *device),
	// int dag_config_get_card_fd(dag_card_ref_t),
	// dag_err_t dag_config_dispose(dag_card_ref_t), which closes the descriptor
	configInit, configFD, configDispose uintptr
	// int dag_attach_stream64(int fd, int stream, uint32_t flags, dag_size_t window),
	// with a 32-bit window where its name has no 64
	attach uintptr
	// int dag_set_stream_poll64(int fd, int stream, dag_size_t mindata,
	// struct timeval *maxwait, struct timeval *poll), mindata as above
	poll uintptr
	// int dag_..._stream(int fd, int stream)
	start, stop, detach uintptr
	// uint8_t *dag_advance_stream(int fd, int stream, uint8_t **bottom)
	advance uintptr
	// dag_ssize_t dag_get_stream_buffer_size64(int fd, int stream); 0 where there is
	// none, and then its elder with a result of 32 bits
	size64, size32 uintptr
	// int *__errno_location(void) of the C library: purego does not hand errno out
	// on Linux
	errno uintptr
}

// Load loads libdag, and libdagconf where it is installed: by its path, or where
// the system's loader finds it if that is empty.
func Load(path string) (*Library, error) {
	names := dagNames
	if path != "" {
		names = []string{path}
	}
	dag, err := openFirst(names)
	if err != nil {
		return nil, fmt.Errorf("the library of DAG cards is not there: %w; install Endace's DAG software, and run ldconfig", err)
	}
	libs := []uintptr{dag}
	if path == "" {
		if conf, err := openFirst(confNames); err == nil {
			libs = append(libs, conf)
		}
	}
	l := &Library{}
	var missing []string
	for _, s := range []struct {
		to    *uintptr
		names []string
		must  bool
	}{
		{&l.open, []string{"dag_open"}, true},
		{&l.close, []string{"dag_close"}, true},
		{&l.configure, []string{"dag_configure"}, false},
		{&l.configInit, []string{"dag_config_init"}, false},
		{&l.configFD, []string{"dag_config_get_card_fd"}, false},
		{&l.configDispose, []string{"dag_config_dispose"}, false},
		{&l.attach, []string{"dag_attach_stream64", "dag_attach_stream"}, true},
		{&l.poll, []string{"dag_set_stream_poll64", "dag_set_stream_poll"}, true},
		{&l.start, []string{"dag_start_stream"}, true},
		{&l.stop, []string{"dag_stop_stream"}, true},
		{&l.detach, []string{"dag_detach_stream"}, true},
		{&l.advance, []string{"dag_advance_stream"}, true},
		{&l.size64, []string{"dag_get_stream_buffer_size64"}, false},
		{&l.size32, []string{"dag_get_stream_buffer_size"}, false},
		{&l.errno, []string{"__errno_location"}, true},
	} {
		if *s.to = symbol(libs, s.names); *s.to == 0 && s.must {
			missing = append(missing, s.names[len(s.names)-1])
		}
	}
	if len(missing) > 0 {
		return nil, fmt.Errorf("the library of DAG cards has no %s: it is too old, or another one", strings.Join(missing, ", "))
	}
	return l, nil
}

// openFirst loads the first library that is there, and fails with what the first
// of them says.
func openFirst(names []string) (uintptr, error) {
	var first error
	for _, name := range names {
		lib, err := purego.Dlopen(name, purego.RTLD_NOW|purego.RTLD_GLOBAL)
		if err == nil {
			return lib, nil
		}
		if first == nil {
			first = err
		}
	}
	return 0, first
}

// symbol is the first of several functions that one of the libraries has, or 0.
func symbol(libs []uintptr, names []string) uintptr {
	for _, name := range names {
		for _, lib := range libs {
			if f, err := purego.Dlsym(lib, name); err == nil {
				return f
			}
		}
	}
	return 0
}

// call calls a function that returns an int, which is negative where it fails.
//
//go:uintptrescapes
func (l *Library) call(f uintptr, args ...uintptr) (int, error) {
	r, err := l.result(func(r uintptr) bool { return int32(r) < 0 }, f, args...)
	return int(int32(r)), err
}

// pointer calls a function that returns a pointer, which is null where it fails.
//
//go:uintptrescapes
func (l *Library) pointer(f uintptr, args ...uintptr) (uintptr, error) {
	return l.result(func(r uintptr) bool { return r == 0 }, f, args...)
}

// result calls a function, and finds out why it has failed where it says that it has.
//
//go:uintptrescapes
func (l *Library) result(failed func(uintptr) bool, f uintptr, args ...uintptr) (uintptr, error) {
	// errno is the thread's.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	r, _, _ := purego.SyscallN(f, args...)
	if !failed(r) {
		return r, nil
	}
	at, _, _ := purego.SyscallN(l.errno)
	if number := readInt32(at); number > 0 {
		return r, syscall.Errno(number)
	}
	return r, errNoReason
}

// errNoReason is said of a failure that sets no errno.
var errNoReason = errors.New("the library does not say why")

// readInt32 reads an int of C's.
func readInt32(at uintptr) int32 {
	if at == 0 {
		return 0
	}
	return **(**int32)(unsafe.Pointer(&at))
}
