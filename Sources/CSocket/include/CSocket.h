#ifndef QUICGW_CSOCKET_H
#define QUICGW_CSOCKET_H
#endif
