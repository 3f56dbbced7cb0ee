#include <zlib.h>

// inflateInit2 is a macro, which Swift cannot see.
static inline int quicgw_inflate_init_raw(z_stream *stream) { return inflateInit2(stream, -MAX_WBITS); }
