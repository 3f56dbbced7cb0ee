#define _GNU_SOURCE
#include "CSocket.h"

#include <link.h>
#include <malloc.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

/// Drops the resident pages of one object's code. Only segments that are never written: what is dropped comes back from the
/// page cache when it is used again.
static int release_code(struct dl_phdr_info *info, size_t size, void *context) {
  (void)size;
  (void)context;
  uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
  for (int i = 0; i < info->dlpi_phnum; i++) {
    const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
    if (segment->p_type != PT_LOAD || (segment->p_flags & PF_W) || !(segment->p_flags & PF_X)) continue;
    uintptr_t begin = (info->dlpi_addr + segment->p_vaddr + page - 1) & ~(page - 1);
    uintptr_t end = (info->dlpi_addr + segment->p_vaddr + segment->p_filesz) & ~(page - 1);
    if (begin < end) madvise((void *)begin, end - begin, MADV_DONTNEED);
  }
  return 0;
}

void csocket_keep_free_heap(int bytes) {
  mallopt(M_TRIM_THRESHOLD, bytes);
  // Half of it, as glibc relates them; setting the one fixes the other at 128 KiB.
  mallopt(M_MMAP_THRESHOLD, bytes / 2);
}

void csocket_release_free_heap(void) { malloc_trim(0); }

int64_t csocket_cpu_nanoseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

void csocket_release_startup_memory(void) {
  csocket_release_free_heap();
  dl_iterate_phdr(release_code, NULL);
}
