#define _GNU_SOURCE
#include "CSocket.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

int csocket_memory_file(const char *name) { return memfd_create(name, MFD_CLOEXEC); }

int csocket_replace_descriptor(int source, int target) { return dup3(source, target, O_CLOEXEC); }

int csocket_set_access_time(const char *path, int64_t seconds) {
  struct timespec times[2] = {{.tv_sec = seconds}, {.tv_nsec = UTIME_OMIT}};
  return utimensat(AT_FDCWD, path, times, AT_SYMLINK_NOFOLLOW);
}
