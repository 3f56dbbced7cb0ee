#include "CSocket.h"

static _Thread_local void *thread_value;

void csocket_set_thread_value(void *value) {
  thread_value = value;
}

void *csocket_thread_value(void) {
  return thread_value;
}
