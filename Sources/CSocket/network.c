#define _GNU_SOURCE
#include "CSocket.h"
#include "descriptor.h"

#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

int csocket_network_watch_open(void) {
  int descriptor = socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, NETLINK_ROUTE);
  if (descriptor < 0) return -1;
  struct sockaddr_nl address = {
      .nl_family = AF_NETLINK,
      .nl_groups = RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR | RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE};
  // What is dropped in a flood says nothing that the rest of the flood does not.
  int on = 1;
  setsockopt(descriptor, SOL_NETLINK, NETLINK_NO_ENOBUFS, &on, sizeof on);
  if (bind(descriptor, (struct sockaddr *)&address, sizeof address) != 0) return close_after_error(descriptor);
  return descriptor;
}

/// An IPv4-mapped address as the IPv4 address that control messages carry.
static void unmap(struct sockaddr_storage *storage) {
  struct sockaddr_in6 mapped;
  memcpy(&mapped, storage, sizeof mapped);
  if (mapped.sin6_family != AF_INET6 || !IN6_IS_ADDR_V4MAPPED(&mapped.sin6_addr)) return;
  struct sockaddr_in plain = {.sin_family = AF_INET, .sin_port = mapped.sin6_port};
  memcpy(&plain.sin_addr, mapped.sin6_addr.s6_addr + 12, 4);
  memset(storage, 0, sizeof *storage);
  memcpy(storage, &plain, sizeof plain);
}

int csocket_source_address(const struct sockaddr *remote, socklen_t remote_length, struct sockaddr_storage *source) {
  int descriptor = socket(remote->sa_family, SOCK_DGRAM | SOCK_CLOEXEC, IPPROTO_UDP);
  if (descriptor < 0) return -1;
  socklen_t length = sizeof *source;
  memset(source, 0, sizeof *source);
  if (connect(descriptor, remote, remote_length) != 0 || getsockname(descriptor, (struct sockaddr *)source, &length) != 0)
    return close_after_error(descriptor);
  close(descriptor);
  // Control messages name no scope; the remote address has it.
  if (source->ss_family == AF_INET6) ((struct sockaddr_in6 *)source)->sin6_scope_id = 0;
  unmap(source);
  return 0;
}

bool csocket_has_address(const struct sockaddr *address, socklen_t address_length) {
  struct sockaddr_storage any_port;
  memcpy(&any_port, address, address_length);
  if (any_port.ss_family == AF_INET6) {
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&any_port;
    // Without a scope it could not be bound.
    if (IN6_IS_ADDR_LINKLOCAL(&v6->sin6_addr)) return true;
    v6->sin6_port = 0;
  } else {
    ((struct sockaddr_in *)&any_port)->sin_port = 0;
  }
  int descriptor = socket(any_port.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, IPPROTO_UDP);
  if (descriptor < 0) return true;
  bool has = bind(descriptor, (struct sockaddr *)&any_port, address_length) == 0 || errno != EADDRNOTAVAIL;
  close(descriptor);
  return has;
}
