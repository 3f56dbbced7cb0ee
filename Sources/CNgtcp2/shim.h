// First, so that GnuTLS's declarations belong to CGnuTLS alone: ngtcp2_crypto_gnutls.h includes its header too, and a
// declaration that two modules own is found in one of them only.
#include "../CGnuTLS/shim.h"

#include <ngtcp2/ngtcp2.h>
#include <ngtcp2/ngtcp2_crypto.h>
#include <ngtcp2/ngtcp2_crypto_gnutls.h>
