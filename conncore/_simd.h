/* Vectors of the width the compiler was told to use, and the functions that run on all lanes. */
#ifndef CONNCORE_SIMD_H
#define CONNCORE_SIMD_H

#include <stdint.h>
#include <string.h>

/* Members per block: wide enough to hide the latency of divisions and dependent additions. */
#define CC_LANES 16

#if defined(__AVX512F__)
#define CC_WIDTH 8
#elif defined(__AVX__)
#define CC_WIDTH 4
#else
#define CC_WIDTH 2
#endif
#define CC_VECTORS (CC_LANES / CC_WIDTH)

#if defined(__GNUC__)
typedef double cc_vec __attribute__((vector_size(8 * CC_WIDTH), aligned(8), may_alias));
typedef double *__restrict__ cc_out;
typedef const double *__restrict__ cc_in;
#else
#error "conncore's kernels need gcc or clang (vector extensions)"
#endif

/* Without the empty asm, gcc takes a function that only prefetches for one without effect and drops
 * the call. */
static inline void cc_prefetch(const void *address)
{
    __builtin_prefetch(address);
    __asm__ volatile("");
}

static inline double cc_from_bits(uint64_t bits)
{
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static inline uint64_t cc_to_bits(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

/* Whether any of the lanes is not +0; -0 counts, NaN too. */
static inline int cc_any(const double *lanes)
{
    uint64_t bits = 0;
    for (int lane = 0; lane < CC_LANES; lane++)
        bits |= cc_to_bits(lanes[lane]);
    return bits != 0;
}

/* tanh(x) = e / (e + 2) with e = exp(2 |x|) - 1, without branches or calls, so that a loop over
 * lanes becomes SIMD. e comes from 2|x| = k ln 2 + r, |r| <= ln(2)/2, and the Taylor series of
 * exp(r) - 1 to r^13, whose next term is below 2e-17 of the sum. Within 3 ulp of the exact value;
 * conncore.reference.functions.tanh does the same operations in the same order. */
static inline double cc_tanh(double x)
{
    const double rounder = 6755399441055744.0; /* 1.5 * 2^52: adding it rounds to an integer */
    double y = 2.0 * __builtin_fabs(x);
    y = y > 40.0 ? 40.0 : y; /* tanh is 1 to double precision; NaN passes */
    const double shifted = y * 1.4426950408889634 + rounder;
    const double k = shifted - rounder;
    const double r = (y - k * 0.6931471803691238) - k * 1.9082149292705877e-10;
    double p = 1.0 / 6227020800.0;
    p = p * r + 1.0 / 479001600.0;
    p = p * r + 1.0 / 39916800.0;
    p = p * r + 1.0 / 3628800.0;
    p = p * r + 1.0 / 362880.0;
    p = p * r + 1.0 / 40320.0;
    p = p * r + 1.0 / 5040.0;
    p = p * r + 1.0 / 720.0;
    p = p * r + 1.0 / 120.0;
    p = p * r + 1.0 / 24.0;
    p = p * r + 1.0 / 6.0;
    p = p * r + 0.5;
    p = (p * r) * r + r;
    const double scale = cc_from_bits((cc_to_bits(shifted) + 1023) << 52); /* 2^k */
    const double e = scale * p + (scale - 1.0);
    return __builtin_copysign(e / (e + 2.0), x);
}

#endif
