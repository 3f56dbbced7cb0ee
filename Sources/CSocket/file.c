#define _GNU_SOURCE
#include "CSocket.h"

#include <errno.h>
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

int csocket_open_unnoticed(const char *path) {
  int flags = O_RDONLY | O_CLOEXEC | O_NOFOLLOW;
  int descriptor = open(path, flags | O_NOATIME);
  // Other people's files can be read, but not without its being noted.
  return descriptor < 0 && errno == EPERM ? open(path, flags) : descriptor;
}
