/* One network answers many inputs, in float32: products with sparse maps, and tanh. */
#ifndef CONNCORE_PRODUCTS_H
#define CONNCORE_PRODUCTS_H

#include <stddef.h>

#include "_simd.h"

#define CC_FLOATS (2 * CC_WIDTH) /* of one machine vector */
#define CC_AHEAD 4               /* rows, or vectors of columns, whose sums stay in registers */
#define CC_SUMS 10               /* vectors of cells whose sums stay in registers */

typedef float cc_floats __attribute__((vector_size(4 * CC_FLOATS), aligned(4), may_alias));
typedef int32_t cc_ints __attribute__((vector_size(4 * CC_FLOATS), may_alias));

/* target = start + values source for some rows of n senders each, all the same, in some vectors of
 * columns. Both numbers are known where it is inlined. */
CC_INLINE void cc_add_vectors(const int rows, const int vectors, ptrdiff_t n, const int *senders,
                              const float *values, ptrdiff_t width, const float *source,
                              const float *start, float *target)
{
    cc_floats total[CC_AHEAD][CC_AHEAD], seen[CC_AHEAD];
    for (int r = 0; r < rows; r++)
        for (int p = 0; p < vectors; p++)
            total[r][p] = *(const cc_floats *)(start + r * width + p * CC_FLOATS);
    for (ptrdiff_t k = 0; k < n; k++) {
        const float *from = source + senders[k] * width;
        for (int p = 0; p < vectors; p++)
            seen[p] = *(const cc_floats *)(from + p * CC_FLOATS);
        for (int r = 0; r < rows; r++)
            for (int p = 0; p < vectors; p++)
                total[r][p] += values[r * n + k] * seen[p];
    }
    for (int r = 0; r < rows; r++)
        for (int p = 0; p < vectors; p++)
            *(cc_floats *)(target + r * width + p * CC_FLOATS) = total[r][p];
}

/* The same in the first n_columns. A vector's sums wait for each other, so that some are made at
 * once: four rows times two vectors, whose source is read once for all rows, or one row's four. */
CC_INLINE void cc_add_rows(const int rows, ptrdiff_t n, const int *senders, const float *values,
                           ptrdiff_t width, ptrdiff_t n_columns, const float *source,
                           const float *start, float *target)
{
    const int vectors = rows == 1 ? CC_AHEAD : CC_AHEAD / 2;
    ptrdiff_t c = 0;
    for (; c + vectors * CC_FLOATS <= n_columns; c += vectors * CC_FLOATS)
        cc_add_vectors(rows, vectors, n, senders, values, width, source + c, start + c, target + c);
    for (; c + CC_FLOATS <= n_columns; c += CC_FLOATS)
        cc_add_vectors(rows, 1, n, senders, values, width, source + c, start + c, target + c);
    for (; c < n_columns; c++)
        for (int r = 0; r < rows; r++) {
            float total = start[r * width + c];
            for (ptrdiff_t k = 0; k < n; k++)
                total += values[r * n + k] * source[senders[k] * width + c];
            target[r * width + c] = total;
        }
}

/* tanh within 4 ulp, as cc_tanh in _simd.h, with the fraction that float32 needs:
 * tanh(t) = (15 t + t^3) / (15 + 6 t^2), within 6e-9 of it. */
CC_INLINE cc_floats cc_tanh_floats(cc_floats x)
{
    const cc_ints sign = (cc_ints)x & INT32_MIN;
    const cc_floats rounder = (cc_floats){0} + 12582912.0f; /* 1.5 * 2^23 */
    cc_floats y = (cc_floats)((cc_ints)x & INT32_MAX);
    const cc_ints large = y > 10.0f; /* tanh is 1 to float precision; NaN passes */
    y = (cc_floats)((large & (cc_ints)((cc_floats){0} + 10.0f)) | (~large & (cc_ints)y));
    const cc_floats shifted = y * 2.88539008f + rounder;
    const cc_floats k = shifted - rounder;
    const cc_floats t = (y - k * 0.3465576171875f) - k * 1.59730925e-5f; /* the first is exact */
    const cc_floats square = t * t;
    const cc_floats p = (square + 15.0f) * t;
    const cc_floats q = 6.0f * square + 15.0f;
    const cc_floats half = (cc_floats)(((cc_ints)shifted + 126) << 23) - 0.5f; /* (2^k - 1) / 2 */
    const cc_floats m = half * (q + p);
    return (cc_floats)((cc_ints)((m + p) / (m + q)) | sign);
}

/* out = tanh(start + sums) */
CC_INLINE void cc_tanh_row(ptrdiff_t n, float start, const float *sums, float *out)
{
    ptrdiff_t c = 0;
    for (; c + CC_FLOATS <= n; c += CC_FLOATS)
        *(cc_floats *)(out + c) = cc_tanh_floats(*(const cc_floats *)(sums + c) + start);
    if (c < n) {
        float rest[CC_FLOATS] = {0};
        memcpy(rest, sums + c, (size_t)(n - c) * sizeof(float));
        *(cc_floats *)rest = cc_tanh_floats(*(const cc_floats *)rest + start);
        memcpy(out + c, rest, (size_t)(n - c) * sizeof(float));
    }
}

/* out[h] = start[h] + the sum of values[k] weights[places[k]][h] in some vectors of h, whose number
 * is known where it is inlined. */
CC_INLINE void cc_sum_vectors(const int vectors, ptrdiff_t n, const int *places,
                              const float *values, ptrdiff_t stride, const float *weights,
                              const float *start, float *out)
{
    cc_floats total[CC_SUMS];
    for (int p = 0; p < vectors; p++)
        total[p] = *(const cc_floats *)(start + p * CC_FLOATS);
    for (ptrdiff_t k = 0; k < n; k++) {
        const float *from = weights + places[k] * stride;
        for (int p = 0; p < vectors; p++)
            total[p] += values[k] * *(const cc_floats *)(from + p * CC_FLOATS);
    }
    for (int p = 0; p < vectors; p++)
        *(cc_floats *)(out + p * CC_FLOATS) = total[p];
}

/* tanh of these sums for some h, at most as many as CC_SUMS vectors have; out is filled up to the
 * end of a vector. */
CC_INLINE void cc_drive(ptrdiff_t n_rows, ptrdiff_t n, const int *places, const float *values,
                        ptrdiff_t stride, const float *weights, const float *start, float *out)
{
    const ptrdiff_t vectors = (n_rows + CC_FLOATS - 1) / CC_FLOATS;
#define CC_CASE(count)                                                          \
    case count:                                                                 \
        cc_sum_vectors(count, n, places, values, stride, weights, start, out);  \
        break;
    switch (vectors) {
        CC_CASE(1)
        CC_CASE(2)
        CC_CASE(3)
        CC_CASE(4)
        CC_CASE(5)
        CC_CASE(6)
        CC_CASE(7)
        CC_CASE(8)
        CC_CASE(9)
        CC_CASE(10)
    }
#undef CC_CASE
    for (ptrdiff_t p = 0; p < vectors; p++) {
        cc_floats *sum = (cc_floats *)(out + p * CC_FLOATS);
        *sum = cc_tanh_floats(*sum);
    }
}

#endif
