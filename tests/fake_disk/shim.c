/* A disk that fails, for tests: preloaded, it stands before the calls that a program makes on one
 * file and its folder, counts them from 1 and answers one of them wrongly.
 *
 * FAKE_DISK_FILE    last part of the file's path
 * FAKE_DISK_FOLDER  path of its folder, as the program gives it
 * FAKE_DISK_AT      number of the call
 * FAKE_DISK_FAULT   EIO, ENOSPC or EINTR: the call fails so, once
 *                   SHORT: a write takes half of its bytes
 *                   TORN: a write takes half of its bytes, and every later call fails with ENOSPC
 *                   STALL: the call takes FAKE_DISK_STALL_MS milliseconds longer
 * FAKE_DISK_LOG     a file that gets a line for each call: number, name, bytes, fault or -
 */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { FILES_MAX = 4096 };

static atomic_int calls;
static atomic_bool watched[FILES_MAX];

static const char *setting(const char *name) {
    const char *value = getenv(name);
    return value ? value : "";
}

static int is_watched_path(const char *path) {
    const char *last = strrchr(path, '/');
    last = last ? last + 1 : path;
    return !strcmp(last, setting("FAKE_DISK_FILE")) || !strcmp(path, setting("FAKE_DISK_FOLDER"));
}

static int is_watched(int file) {
    return file >= 0 && file < FILES_MAX && atomic_load(&watched[file]);
}

static void note(int number, const char *name, long bytes, const char *fault) {
    char line[128];
    int length = snprintf(line, sizeof line, "%d %s %ld %s\n", number, name, bytes, fault);
    long log = syscall(SYS_openat, AT_FDCWD, setting("FAKE_DISK_LOG"),
                       O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (log >= 0) {
        syscall(SYS_write, log, line, length);
        syscall(SYS_close, log);
    }
}

/* Counts a call. Its error number, 0 for none, or -1 where a write shall take half of `bytes`. */
static int fault(const char *name, long bytes) {
    int number = atomic_fetch_add(&calls, 1) + 1, at = atoi(setting("FAKE_DISK_AT"));
    const char *kind = setting("FAKE_DISK_FAULT");
    int error = 0;
    if (number == at) {
        if (!strcmp(kind, "EIO")) error = EIO;
        if (!strcmp(kind, "ENOSPC")) error = ENOSPC;
        if (!strcmp(kind, "EINTR")) error = EINTR;
        if (!strcmp(kind, "SHORT") || !strcmp(kind, "TORN")) error = bytes > 1 ? -1 : 0;
    }
    if (number > at && at > 0 && !strcmp(kind, "TORN")) error = ENOSPC;
    int stalls = number == at && !strcmp(kind, "STALL");
    note(number, name, error == -1 ? bytes / 2 : bytes, error || stalls ? kind : "-");
    if (stalls) {
        long stall_ms = atol(setting("FAKE_DISK_STALL_MS"));
        struct timespec wait = {stall_ms / 1000, stall_ms % 1000 * 1000000};
        nanosleep(&wait, NULL);
    }
    return error;
}

/* An open of `symbol`'s kind. */
static int open_with(const char *symbol, const char *path, int flags, mode_t mode) {
    int (*real)(const char *, int, ...) = dlsym(RTLD_NEXT, symbol);
    int watch = is_watched_path(path);
    int error = watch ? fault("open", 0) : 0;
    if (error) {
        errno = error;
        return -1;
    }
    int file = real(path, flags, mode);
    if (file >= 0 && file < FILES_MAX) atomic_store(&watched[file], watch);
    return file;
}

#define OPEN(symbol)                                                                               \
    int symbol(const char *path, int flags, ...) {                                                 \
        va_list rest;                                                                              \
        va_start(rest, flags);                                                                     \
        mode_t mode = flags & O_CREAT ? va_arg(rest, mode_t) : 0;                                  \
        va_end(rest);                                                                              \
        return open_with(#symbol, path, flags, mode);                                              \
    }
OPEN(open)
OPEN(open64)

int close(int file) {
    if (file >= 0 && file < FILES_MAX) atomic_store(&watched[file], 0);
    return syscall(SYS_close, file);
}

ssize_t write(int file, const void *bytes, size_t count) {
    int error = is_watched(file) ? fault("write", count) : 0;
    if (error > 0) {
        errno = error;
        return -1;
    }
    return syscall(SYS_write, file, bytes, error ? count / 2 : count);
}

static int sync_with(const char *name, long number, int file) {
    int error = is_watched(file) ? fault(name, 0) : 0;
    if (error) {
        errno = error;
        return -1;
    }
    return syscall(number, file);
}

int fsync(int file) { return sync_with("fsync", SYS_fsync, file); }
int fdatasync(int file) { return sync_with("fdatasync", SYS_fdatasync, file); }
