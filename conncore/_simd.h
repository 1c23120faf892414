/* Vectors of the width the compiler was told to use, and the functions that run on all lanes. */
#ifndef CONNCORE_SIMD_H
#define CONNCORE_SIMD_H

#include <stdint.h>
#include <string.h>
#if defined(__SSE2__)
#include <immintrin.h>
#endif

/* Members per block: wide enough to hide the latency of divisions and dependent additions. */
#define CC_LANES 16

#if defined(__AVX512F__)
#define CC_WIDTH 8
#elif defined(__AVX2__)
#define CC_WIDTH 4
#else
#define CC_WIDTH 2
#endif
#define CC_VECTORS (CC_LANES / CC_WIDTH)

#if defined(__GNUC__) || defined(__clang__) /* clang-cl defines the second alone */
typedef double cc_vec __attribute__((vector_size(8 * CC_WIDTH), aligned(8), may_alias));
typedef uint16_t cc_spikes; /* of one cell: bit i is lane i */
typedef double *__restrict__ cc_out;
typedef const double *__restrict__ cc_in;
#else
#error "conncore's kernels need gcc or clang (vector extensions)"
#endif

#define CC_INLINE static inline __attribute__((always_inline))

/* float32 to float64: out[p] = w[p] of each vector. Compilers would use several
 * instructions where these do with one. */
CC_INLINE void cc_widen(const float *w, cc_vec *out)
{
#if defined(__AVX512F__)
    for (int p = 0; p < CC_VECTORS; p++)
        out[p] = (cc_vec)_mm512_cvtps_pd(_mm256_loadu_ps(w + 8 * p));
#elif defined(__AVX2__)
    for (int p = 0; p < CC_VECTORS; p++)
        out[p] = (cc_vec)_mm256_cvtps_pd(_mm_loadu_ps(w + 4 * p));
#elif defined(__SSE2__)
    for (int p = 0; p < CC_VECTORS; p += 2) {
        const __m128 four = _mm_loadu_ps(w + 2 * p);
        out[p] = (cc_vec)_mm_cvtps_pd(four);
        out[p + 1] = (cc_vec)_mm_cvtps_pd(_mm_movehl_ps(four, four));
    }
#else
    for (int p = 0; p < CC_VECTORS; p++)
        for (int i = 0; i < CC_WIDTH; i++)
            out[p][i] = w[p * CC_WIDTH + i];
#endif
}

/* total += w x */
CC_INLINE void cc_add_product(const float *w, const cc_vec *x, cc_vec *total)
{
    cc_vec wide[CC_VECTORS];
    cc_widen(w, wide);
    for (int p = 0; p < CC_VECTORS; p++)
        total[p] += wide[p] * x[p];
}

/* total += w where the bit of spikes is set; no total may be -0: adding 0 would change it */
CC_INLINE void cc_add_where(cc_spikes spikes, const float *w, cc_vec *total)
{
#if defined(__AVX512F__)
    /* a masked addition, because a masked load keeps the processor from prefetching */
    for (int p = 0; p < CC_VECTORS; p++) {
        const __m512d old = (__m512d)total[p];
        const __m512d wide = _mm512_cvtps_pd(_mm256_loadu_ps(w + 8 * p));
        total[p] = (cc_vec)_mm512_mask_add_pd(old, (__mmask8)(spikes >> (8 * p)), old, wide);
    }
#elif defined(__AVX2__)
    const __m256i all = _mm256_set1_epi32(spikes);
    const __m256i lane = _mm256_setr_epi32(1, 2, 4, 8, 16, 32, 64, 128);
    for (int p = 0; p < CC_VECTORS; p += 2) {
        const __m256i one = _mm256_slli_epi32(lane, 4 * p);
        const __m256i chosen = _mm256_cmpeq_epi32(_mm256_and_si256(all, one), one);
        const __m256 eight = _mm256_and_ps(_mm256_loadu_ps(w + 4 * p), (__m256)chosen);
        total[p] += (cc_vec)_mm256_cvtps_pd(_mm256_castps256_ps128(eight));
        total[p + 1] += (cc_vec)_mm256_cvtps_pd(_mm256_extractf128_ps(eight, 1));
    }
#elif defined(__SSE2__)
    const __m128i all = _mm_set1_epi32(spikes);
    const __m128i lane = _mm_setr_epi32(1, 2, 4, 8);
    for (int p = 0; p < CC_VECTORS; p += 2) {
        const __m128i one = _mm_slli_epi32(lane, 2 * p);
        const __m128i chosen = _mm_cmpeq_epi32(_mm_and_si128(all, one), one);
        const __m128 four = _mm_and_ps(_mm_loadu_ps(w + 2 * p), (__m128)chosen);
        total[p] += (cc_vec)_mm_cvtps_pd(four);
        total[p + 1] += (cc_vec)_mm_cvtps_pd(_mm_movehl_ps(four, four));
    }
#else
    for (int lane = 0; lane < CC_LANES; lane++)
        total[lane / CC_WIDTH][lane % CC_WIDTH] += (spikes >> lane & 1) ? (double)w[lane] : 0.0;
#endif
}

/* The lanes of one cell that spike: whose z is not 0. */
CC_INLINE cc_spikes cc_pack(const double *z)
{
    unsigned spikes = 0;
#if defined(__AVX512F__)
    for (int p = 0; p < CC_VECTORS; p++)
        spikes |= (unsigned)_mm512_cmp_pd_mask(_mm512_loadu_pd(z + p * CC_WIDTH),
                                               _mm512_setzero_pd(), _CMP_NEQ_UQ)
            << (p * CC_WIDTH);
#elif defined(__AVX2__)
    for (int p = 0; p < CC_VECTORS; p++)
        spikes |= (unsigned)_mm256_movemask_pd(_mm256_cmp_pd(
                      _mm256_loadu_pd(z + p * CC_WIDTH), _mm256_setzero_pd(), _CMP_NEQ_UQ))
            << (p * CC_WIDTH);
#elif defined(__SSE2__)
    for (int p = 0; p < CC_VECTORS; p++)
        spikes |= (unsigned)_mm_movemask_pd(
                      _mm_cmpneq_pd(_mm_loadu_pd(z + p * CC_WIDTH), _mm_setzero_pd()))
            << (p * CC_WIDTH);
#else
    for (int lane = 0; lane < CC_LANES; lane++)
        spikes |= (unsigned)(z[lane] != 0.0) << lane;
#endif
    return (cc_spikes)spikes;
}

/* gcc assumes that a function that only prefetches has no effect, and drops its calls. The empty
 * asm prevents this. */
CC_INLINE void cc_prefetch(const void *address)
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

/* tanh(x) without branches or calls, so that a loop over lanes becomes SIMD. |x| = k ln(2)/2 + t,
 * |t| <= ln(2)/4, and tanh(t) = p / q, rational in t, within 6e-18 of the exact value. Then
 * tanh(x) = (m + p) / (m + q) with m = (2^k - 1) (q + p) / 2. Within 5 ulp of the exact value;
 * conncore.network.arithmetic.tanh does the same operations in the same order. */
static inline double cc_tanh(double x)
{
    const double rounder = 6755399441055744.0; /* 1.5 * 2^52: adding it rounds to an integer */
    double y = __builtin_fabs(x);
    y = y > 20.0 ? 20.0 : y; /* tanh is 1 to double precision; NaN passes */
    const double shifted = y * 2.8853900817779268 + rounder;
    const double k = shifted - rounder;
    const double t = y - k * 0.34657359027997264;
    const double square = t * t;
    const double p = ((square + 105.06654745853905) * square + 945.6988323092918) * t;
    const double q = (15.00665288107252 * square + 420.2994915616309) * square + 945.6988323092918;
    const double half = cc_from_bits((cc_to_bits(shifted) + 1022) << 52) - 0.5; /* (2^k - 1) / 2 */
    const double m = half * (q + p);
    return __builtin_copysign((m + p) / (m + q), x);
}

/* Vectors with operators, for a kernel too deep for the compiler to vectorise by itself: one
 * machine vector each. (gcc 12 splits wider ones through memory, at a third of the speed.) */
#define CC_WIDE CC_WIDTH
#define CC_PARTS (CC_LANES / CC_WIDE)
typedef double cc_wide __attribute__((vector_size(8 * CC_WIDE), may_alias));
typedef int64_t cc_mask __attribute__((vector_size(8 * CC_WIDE), may_alias));

CC_INLINE cc_wide cc_splat(double value)
{
    return value - (cc_wide){0.0};
}

CC_INLINE cc_wide cc_abs(cc_wide x)
{
    return (cc_wide)((cc_mask)x & INT64_MAX);
}

CC_INLINE cc_wide cc_select(cc_mask condition, cc_wide yes, cc_wide no)
{
    return (cc_wide)((condition & (cc_mask)yes) | (~condition & (cc_mask)no));
}

CC_INLINE cc_mask cc_less(cc_wide a, cc_wide b)
{
    return (cc_mask)(a < b);
}

CC_INLINE cc_wide cc_min(cc_wide a, cc_wide b)
{
    return cc_select(a < b, a, b);
}

/* Whether the condition holds in any lane. */
CC_INLINE int cc_any(cc_mask condition)
{
#if defined(__AVX512F__)
    return _mm512_test_epi64_mask((__m512i)condition, (__m512i)condition) != 0;
#elif defined(__AVX2__)
    return !_mm256_testz_si256((__m256i)condition, (__m256i)condition);
#elif defined(__SSE2__)
    return _mm_movemask_epi8((__m128i)condition) != 0; /* a lane's bits are alike */
#else
    int64_t any = 0;
    for (int lane = 0; lane < CC_WIDE; lane++)
        any |= condition[lane];
    return any != 0;
#endif
}

CC_INLINE int cc_any_negative(cc_wide x)
{
    return cc_any((cc_mask)(x < 0.0));
}

/* Sine and cosine without branches: x = k pi/2 + r, |r| <= pi/4, and fdlibm's polynomials in r.
 * pi/2 is split so that k times its first part is exact up to |x| of 1e6. */
CC_INLINE void cc_sincos(cc_wide x, cc_wide *sine, cc_wide *cosine)
{
    const double rounder = 6755399441055744.0;
    const cc_wide shifted = x * 0.63661977236758134 + rounder;
    const cc_wide k = shifted - rounder;
    const cc_wide r = (x - k * 1.57079632673412561417) - k * 6.07710050650619224932e-11;
    const cc_wide z = r * r;
    cc_wide s = z * 1.58969099521155010221e-10 - 2.50507602534068634195e-08;
    s = s * z + 2.75573137070700676789e-06;
    s = s * z - 1.98412698298579493134e-04;
    s = s * z + 8.33333333332248946124e-03;
    s = s * z - 1.66666666666666324348e-01;
    s = (s * z) * r + r;
    cc_wide c = 2.08757232129817482790e-09 - z * 1.13596475577881948265e-11;
    c = c * z - 2.75573143513906633035e-07;
    c = c * z + 2.48015872894767294178e-05;
    c = c * z - 1.38888888888741095749e-03;
    c = c * z + 4.16666666666666019037e-02;
    c = (c * z) * z + (1.0 - 0.5 * z);
    const cc_mask quadrant = (cc_mask)shifted;
    const cc_mask swap = -(quadrant & 1);
    *sine = (cc_wide)((cc_mask)cc_select(swap, c, s) ^ ((quadrant & 2) << 62));
    *cosine = (cc_wide)((cc_mask)cc_select(swap, s, c) ^ (((quadrant + 1) & 2) << 62));
}

#endif
