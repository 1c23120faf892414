/* For test_allocations.py, preloaded: one allocation of the thread that asks for it fails. */
#include <errno.h>
#include <stddef.h>

extern void *__libc_malloc(size_t), *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t), *__libc_memalign(size_t, size_t);

/* How many allocations are left until the one that fails; 0: none fails. */
static __thread __attribute__((tls_model("initial-exec"))) long n_left;

void fail_at(long n) { n_left = n; }

/* 0 if the allocation has failed. None fails from now on. */
long stop_failing(void)
{
    const long left = n_left;
    n_left = 0;
    return left;
}

static int fails(void)
{
    if (n_left == 0 || --n_left > 0)
        return 0;
    errno = ENOMEM;
    return 1;
}

void *malloc(size_t size) { return fails() ? NULL : __libc_malloc(size); }
void *calloc(size_t n, size_t size) { return fails() ? NULL : __libc_calloc(n, size); }
void *realloc(void *old, size_t size) { return fails() ? NULL : __libc_realloc(old, size); }
void *memalign(size_t to, size_t size) { return fails() ? NULL : __libc_memalign(to, size); }
void *aligned_alloc(size_t to, size_t size) { return memalign(to, size); }

int posix_memalign(void **memory, size_t to, size_t size)
{
    *memory = memalign(to, size);
    return *memory == NULL ? ENOMEM : 0;
}
