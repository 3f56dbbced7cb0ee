#define _GNU_SOURCE
#include "CSocket.h"

#include <dlfcn.h>
#include <pthread.h>
#include <time.h>

static _Thread_local void *current_handshake;
static _Thread_local const struct timespec *other_time;

void *csocket_current_handshake(void) {
  return current_handshake;
}

void csocket_set_current_handshake(void *owner) {
  current_handshake = owner;
}

static void gnutls_time(struct timespec *time) {
  if (other_time) {
    *time = *other_time;
  } else {
    clock_gettime(CLOCK_REALTIME, time);
  }
}

static pthread_once_t once = PTHREAD_ONCE_INIT;
static bool is_installed;

static void install(void) {
  void (*set)(void (*)(struct timespec *)) =
      (void (*)(void (*)(struct timespec *)))dlsym(RTLD_DEFAULT, "_gnutls_global_set_gettime_function");
  if (!set) return;
  set(gnutls_time);
  is_installed = true;
}

bool csocket_with_gnutls_time(int64_t unix_time, void (*body)(void *), void *context) {
  pthread_once(&once, install);
  struct timespec time = {.tv_sec = unix_time};
  if (is_installed) other_time = &time;
  body(context);
  other_time = NULL;
  return is_installed;
}
