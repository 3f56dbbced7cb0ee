#pragma once

#include <errno.h>
#include <unistd.h>

/// Closes a descriptor that something could not be done with, and leaves the reason in `errno`. Returns -1.
static inline int close_after_error(int descriptor) {
  int error = errno;
  close(descriptor);
  errno = error;
  return -1;
}
