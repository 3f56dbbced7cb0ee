#define _GNU_SOURCE
#include "CSocket.h"

#include <errno.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <string.h>
#include <unistd.h>

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif
#ifndef UDP_GRO
#define UDP_GRO 104
#endif

static int set_int(int descriptor, int level, int name, int value) {
  return setsockopt(descriptor, level, name, &value, sizeof value);
}

static int configure(int descriptor, int family, const struct csocket_udp_options *options) {
  if (options->reuse_port && set_int(descriptor, SOL_SOCKET, SO_REUSEPORT, 1) != 0) return -1;
  // The kernel caps these at rmem_max and wmem_max without an error; that is its administrator's decision.
  if (options->receive_buffer_bytes > 0) set_int(descriptor, SOL_SOCKET, SO_RCVBUF, options->receive_buffer_bytes);
  if (options->send_buffer_bytes > 0) set_int(descriptor, SOL_SOCKET, SO_SNDBUF, options->send_buffer_bytes);
  if (family == AF_INET6) {
    if (set_int(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, 0) != 0) return -1;
    if (set_int(descriptor, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1) != 0) return -1;
    if (set_int(descriptor, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_DO) != 0) return -1;
    set_int(descriptor, IPPROTO_IPV6, IPV6_RECVTCLASS, 1);
  }
  // An IPv6 socket carries IPv4 too: these options hold for its mapped addresses.
  int refused = 0;
  refused |= set_int(descriptor, IPPROTO_IP, IP_PKTINFO, 1);
  refused |= set_int(descriptor, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DO);
  set_int(descriptor, IPPROTO_IP, IP_RECVTOS, 1);
  return family == AF_INET ? refused : 0;
}

int csocket_udp_open(const struct sockaddr *address, socklen_t address_length, const struct csocket_udp_options *options) {
  int descriptor = socket(address->sa_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_UDP);
  if (descriptor < 0) return -1;
  if (configure(descriptor, address->sa_family, options) != 0 || bind(descriptor, address, address_length) != 0) {
    int error = errno;
    close(descriptor);
    errno = error;
    return -1;
  }
  return descriptor;
}

int csocket_enable_receive_offload(int descriptor) { return set_int(descriptor, IPPROTO_UDP, UDP_GRO, 1); }

static void append_control(struct msghdr *message, int level, int type, const void *data, size_t length) {
  struct cmsghdr *header = (struct cmsghdr *)((char *)message->msg_control + message->msg_controllen);
  header->cmsg_level = level;
  header->cmsg_type = type;
  header->cmsg_len = CMSG_LEN(length);
  memcpy(CMSG_DATA(header), data, length);
  message->msg_controllen += CMSG_SPACE(length);
}

static bool is_v4(const struct sockaddr *address) {
  if (address->sa_family == AF_INET) return true;
  return IN6_IS_ADDR_V4MAPPED(&((const struct sockaddr_in6 *)address)->sin6_addr);
}

static void append_source(struct msghdr *message, const struct sockaddr *local) {
  if (local->sa_family == AF_INET6 && !is_v4(local)) {
    struct in6_pktinfo info = {.ipi6_addr = ((const struct sockaddr_in6 *)local)->sin6_addr};
    if (IN6_IS_ADDR_UNSPECIFIED(&info.ipi6_addr)) return;
    if (IN6_IS_ADDR_LINKLOCAL(&info.ipi6_addr)) info.ipi6_ifindex = ((const struct sockaddr_in6 *)local)->sin6_scope_id;
    append_control(message, IPPROTO_IPV6, IPV6_PKTINFO, &info, sizeof info);
    return;
  }
  struct in_pktinfo info = {0};
  if (local->sa_family == AF_INET) {
    info.ipi_spec_dst = ((const struct sockaddr_in *)local)->sin_addr;
  } else {
    memcpy(&info.ipi_spec_dst, ((const struct sockaddr_in6 *)local)->sin6_addr.s6_addr + 12, 4);
  }
  if (info.ipi_spec_dst.s_addr == INADDR_ANY) return;
  append_control(message, IPPROTO_IP, IP_PKTINFO, &info, sizeof info);
}

ssize_t csocket_send_burst(
    int descriptor, const void *bytes, size_t byte_count, uint16_t segment_bytes, const struct sockaddr *remote,
    socklen_t remote_length, const struct sockaddr *local, uint8_t ecn) {
  char control[CMSG_SPACE(sizeof(struct in6_pktinfo)) + CMSG_SPACE(sizeof(uint16_t)) + CMSG_SPACE(sizeof(int))]
      __attribute__((aligned(8))) = {0};
  struct iovec vector = {.iov_base = (void *)bytes, .iov_len = byte_count};
  struct msghdr message = {
      .msg_name = (void *)remote, .msg_namelen = remote_length, .msg_iov = &vector, .msg_iovlen = 1, .msg_control = control};
  if (local != NULL) append_source(&message, local);
  if (segment_bytes > 0 && byte_count > segment_bytes)
    append_control(&message, SOL_UDP, UDP_SEGMENT, &segment_bytes, sizeof segment_bytes);
  if (ecn != 0) {
    int value = ecn;
    if (is_v4(remote))
      append_control(&message, IPPROTO_IP, IP_TOS, &value, sizeof value);
    else
      append_control(&message, IPPROTO_IPV6, IPV6_TCLASS, &value, sizeof value);
  }
  if (message.msg_controllen == 0) message.msg_control = NULL;
  ssize_t sent;
  do sent = sendmsg(descriptor, &message, 0);
  while (sent < 0 && errno == EINTR);
  return sent;
}

int csocket_attach_steering(int descriptor, uint32_t socket_count) {
  // For UDP the program sees the payload. Long headers have the destination connection ID at byte 6, short ones at byte 1.
  struct sock_filter program[] = {
      BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 0),
      BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0x80, 0, 2),
      BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 6),
      BPF_JUMP(BPF_JMP | BPF_JA, 1, 0, 0),
      BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 1),
      BPF_STMT(BPF_ALU | BPF_MOD | BPF_K, socket_count),
      BPF_STMT(BPF_RET | BPF_A, 0),
  };
  struct sock_fprog filter = {.len = sizeof program / sizeof program[0], .filter = program};
  return setsockopt(descriptor, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &filter, sizeof filter);
}

int csocket_local_address(int descriptor, struct sockaddr_storage *address) {
  socklen_t length = sizeof *address;
  return getsockname(descriptor, (struct sockaddr *)address, &length) == 0 ? (int)length : -1;
}

bool csocket_is_offload_refusal(int error) {
  return error == EIO || error == EINVAL || error == ENOPROTOOPT || error == EOPNOTSUPP;
}
