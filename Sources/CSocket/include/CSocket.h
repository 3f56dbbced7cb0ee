#ifndef QUICGW_CSOCKET_H
#define QUICGW_CSOCKET_H

#include <stddef.h>
#include <stdint.h>

/* Sends one datagram to the service manager's socket, sd_notify(3). The path begins with '/', or with '@' for an abstract
   address; neither path nor text needs a terminating zero. 0, or a negated errno. */
int csocket_notify(const uint8_t *path, size_t path_length, const uint8_t *text, size_t text_length);

#endif
