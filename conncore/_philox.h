/* Philox 4x64 of ten rounds (Salmon et al. 2011), with the same numbers in the same order as
 * NumPy's bit generator. NumPy's distributions draw from it. */
#ifndef CONNCORE_PHILOX_H
#define CONNCORE_PHILOX_H

#include <stddef.h>
#include <stdint.h>

#include <numpy/random/distributions.h>

#define CC_AT_ONCE 4 /* counters whose rounds overlap: each waits for its own products only */
#define CC_NUMBERS (4 * CC_AT_ONCE)

typedef struct {
    uint64_t key[2];
    uint64_t counter[4]; /* of the numbers drawn last */
    uint64_t numbers[CC_NUMBERS];
    int n_used;
} cc_philox;

static void cc_draw(cc_philox *self)
{
    uint64_t a[CC_AT_ONCE], b[CC_AT_ONCE], c[CC_AT_ONCE], d[CC_AT_ONCE];
    uint64_t first = self->key[0], second = self->key[1];
    /* The first word of the counter starts at 0 and never overflows, so there is no carry. */
    for (int i = 0; i < CC_AT_ONCE; i++) {
        a[i] = ++self->counter[0];
        b[i] = self->counter[1];
        c[i] = self->counter[2];
        d[i] = self->counter[3];
    }
    for (int round = 0; round < 10; round++) {
        for (int i = 0; i < CC_AT_ONCE; i++) {
            unsigned __int128 left = (unsigned __int128)0xD2E7470EE14C6C93u * a[i];
            unsigned __int128 right = (unsigned __int128)0xCA5A826395121157u * c[i];
            a[i] = (uint64_t)(right >> 64) ^ b[i] ^ first;
            b[i] = (uint64_t)right;
            c[i] = (uint64_t)(left >> 64) ^ d[i] ^ second;
            d[i] = (uint64_t)left;
        }
        first += 0x9E3779B97F4A7C15u;
        second += 0xBB67AE8584CAA73Bu;
    }
    for (int i = 0; i < CC_AT_ONCE; i++) {
        self->numbers[4 * i] = a[i];
        self->numbers[4 * i + 1] = b[i];
        self->numbers[4 * i + 2] = c[i];
        self->numbers[4 * i + 3] = d[i];
    }
    self->n_used = 0;
}

static uint64_t cc_next_uint64(void *self)
{
    cc_philox *philox = (cc_philox *)self;
    if (philox->n_used == CC_NUMBERS)
        cc_draw(philox);
    return philox->numbers[philox->n_used++];
}

static double cc_next_double(void *self)
{
    return (double)(cc_next_uint64(self) >> 11) * 0x1p-53;
}

/* A generator for NumPy's distributions, at the beginning of a member's numbers. The distributions
 * of doubles never ask for 32 bits, so that function is NULL. */
static bitgen_t cc_bit_generator(cc_philox *self, uint64_t seed, uint64_t stream, uint64_t member,
                                 uint64_t generation)
{
    self->key[0] = seed;
    self->key[1] = stream;
    self->counter[0] = self->counter[1] = 0;
    self->counter[2] = member;
    self->counter[3] = generation;
    self->n_used = CC_NUMBERS;
    bitgen_t made = {self, cc_next_uint64, NULL, cc_next_double, cc_next_uint64};
    return made;
}

#endif
