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

// GnuTLS asks two clocks: the finer one for the age of tickets, this one for that of sessions.
static time_t gnutls_seconds(time_t *seconds) {
  time_t now = other_time ? other_time->tv_sec : time(NULL);
  if (seconds) *seconds = now;
  return now;
}

static pthread_once_t once = PTHREAD_ONCE_INIT;
static bool is_installed;

static void install(void) {
  void (*set)(void (*)(struct timespec *)) =
      (void (*)(void (*)(struct timespec *)))dlsym(RTLD_DEFAULT, "_gnutls_global_set_gettime_function");
  void (*set_seconds)(time_t (*)(time_t *)) =
      (void (*)(time_t (*)(time_t *)))dlsym(RTLD_DEFAULT, "gnutls_global_set_time_function");
  if (!set || !set_seconds) return;
  set(gnutls_time);
  set_seconds(gnutls_seconds);
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
