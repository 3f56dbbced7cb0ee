#define _GNU_SOURCE
#include "CSocket.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

int csocket_notify(const uint8_t *path, size_t path_length, const uint8_t *text, size_t text_length) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  if (path_length < 2 || path_length >= sizeof address.sun_path) return -ENAMETOOLONG;
  if (path[0] != '/' && path[0] != '@') return -EAFNOSUPPORT;
  memcpy(address.sun_path, path, path_length);
  socklen_t address_length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + path_length);
  if (path[0] == '@')
    address.sun_path[0] = 0;
  else
    address_length += 1;

  int descriptor = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return -errno;
  struct timeval limit = {.tv_sec = 1};
  setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  ssize_t sent;
  do {
    sent = sendto(descriptor, text, text_length, MSG_NOSIGNAL, (struct sockaddr *)&address, address_length);
  } while (sent < 0 && errno == EINTR);
  int result = sent < 0 ? -errno : 0;
  close(descriptor);
  return result;
}
