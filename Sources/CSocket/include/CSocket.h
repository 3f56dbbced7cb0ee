/// The few lines of C that Swift cannot say: control messages, socket options with structs, BPF, thread-local storage.
/// Every function returns -1 and sets errno on failure unless it says otherwise.
#ifndef QUICGW_CSOCKET_H
#define QUICGW_CSOCKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

/// What a UDP socket is opened with.
struct csocket_udp_options {
  bool reuse_port;           // member of a SO_REUSEPORT group
  int receive_buffer_bytes;  // SO_RCVBUF; 0 leaves the kernel's default
  int send_buffer_bytes;     // SO_SNDBUF; 0 leaves the kernel's default
};

/// Opens, configures and binds a non-blocking UDP socket: dual stack for IPv6, path MTU discovery on (RFC 9000 §14 forbids
/// fragments), destination addresses and ECN bits of what arrives are reported.
/// Returns the descriptor.
int csocket_udp_open(const struct sockaddr *address, socklen_t address_length, const struct csocket_udp_options *options);

/// Lets the kernel deliver several datagrams of one sender in one read (UDP_GRO); their size comes as a control message.
int csocket_enable_receive_offload(int descriptor);

/// Sends one datagram, or with `segment_bytes` > 0 a burst that the kernel cuts into datagrams of that size (UDP_SEGMENT).
/// `local` is the address to send from on a wildcard socket, or NULL; `ecn` goes into the low bits of TOS or traffic class.
ssize_t csocket_send_burst(
    int descriptor, const void *bytes, size_t byte_count, uint16_t segment_bytes, const struct sockaddr *remote,
    socklen_t remote_length, const struct sockaddr *local, uint8_t ecn);

/// Steers datagrams of a SO_REUSEPORT group by connection ID: socket number (first byte of the destination connection ID) modulo
/// `socket_count`, in the order in which the sockets were bound. Call on any one member.
int csocket_attach_steering(int descriptor, uint32_t socket_count);

/// The address that a socket is bound to; returns its length.
int csocket_local_address(int descriptor, struct sockaddr_storage *address);

/// A netlink socket that becomes readable when an address or a route of this host has changed; non-blocking.
/// Returns the descriptor.
int csocket_network_watch_open(void);

/// The address that the kernel would send from to `remote`, with some port; an IPv4 address as such, also on IPv6 sockets.
int csocket_source_address(const struct sockaddr *remote, socklen_t remote_length, struct sockaddr_storage *source);

/// Whether an address is one of this host's; true where that cannot be found out.
bool csocket_has_address(const struct sockaddr *address, socklen_t address_length);

/// The errno values that a refused offload is known by.
bool csocket_is_offload_refusal(int error);

/// Sends one datagram to the service manager's socket, sd_notify(3). The path begins with '/', or with '@' for an abstract
/// address; neither path nor text needs a terminating zero. Returns 0, or a negated errno.
int csocket_notify(const uint8_t *path, size_t path_length, const uint8_t *text, size_t text_length);

/// Keeps one pointer a thread, for a library's callback that is handed none; NULL before it is set.
void csocket_set_thread_value(void *value);
void *csocket_thread_value(void);

/// Makes a TUN device that carries bare IP packets and goes when its descriptor is closed; non-blocking.
/// Returns the descriptor.
int csocket_tun_open(const char *name);

/// A timer of the monotonic clock as a descriptor, and when it becomes readable. The kernel may let a wait with a time-out be late
/// by a thousandth of it; such a timer is exact. 0 is never.
int csocket_timer_open(void);
int csocket_timer_set(int descriptor, uint64_t nanoseconds);

/// Listens on a Unix stream socket, in the place of one that an ended process left behind; non-blocking.
/// Returns the descriptor.
int csocket_listen_local(const char *path);

/// Gives back what only start-up needed: free heap, and resident pages of code (parsers of arguments and configuration are most
/// of the program). Code that runs again is mapped again from the page cache.
void csocket_release_startup_memory(void);

/// Lets the heap keep `bytes` of free memory at its end, so that a burst after a burst finds its pages; without this each of them is
/// a page fault again (glibc gives all but 128 KiB back at once).
void csocket_keep_free_heap(int bytes);

/// Gives back pages of the heap that hold nothing, wherever they lie.
void csocket_release_free_heap(void);

/// Processor time that this process has used, user and system together.
int64_t csocket_cpu_nanoseconds(void);

/// Whose TLS handshake this thread works on: GnuTLS calls its anti-replay function without saying for which session. NULL for none.
void *csocket_current_handshake(void);
void csocket_set_current_handshake(void *owner);

/// Runs `body` with a GnuTLS that sees another time, in this thread only. Returns false when the library has no way to do so (the
/// function for it is exported for the library's own tests and declared nowhere); then `body` saw the true time.
bool csocket_with_gnutls_time(int64_t unix_time, void (*body)(void *), void *context);

/// Files, with the parts of Linux that need _GNU_SOURCE, which Swift's view of the C library does not have.
/// A file that is memory only; -1 and errno if there is none to be had.
int csocket_memory_file(const char *name);
/// Makes `target` mean what `source` means, at once for all threads.
int csocket_replace_descriptor(int source, int target);
/// Sets when a file was last read, and leaves alone when it was last changed.
int csocket_set_access_time(const char *path, int64_t seconds);
/// Opens a file for reading, so that the file system does not note that it was read, where the caller may ask for that: its owner and
/// root may. No symbolic link is followed. -1 and errno if it cannot be opened.
int csocket_open_unnoticed(const char *path);

#endif
