# What the kernels of bodies share: angles that turn a little, and MuJoCo's soft constraints.

from conncore._block cimport (
    absolute, any_negative, less, mask, minimum, select, sincos, splat, wide,
)

cdef inline wide impedance(
    wide depth, double inverse_width, double midpoint, double low, double high
) noexcept nogil:
    """MuJoCo's solimp with power 2: from low at the limit to high where it is exceeded by width."""
    cdef wide x = depth * inverse_width
    cdef wide y = select(
        less(x, splat(midpoint)),
        x * x / splat(midpoint),
        1.0 - (1.0 - x) * (1.0 - x) / splat(1.0 - midpoint),
    )
    y = select(less(x, splat(1.0)), y, splat(1.0))
    return low + y * (high - low)


cdef inline void turn_by(
    int n,
    const wide* turned,     # IN
    const wide* phi,        # IN
    const wide* c,          # IN
    const wide* s,          # IN
    wide* c_new,            # OUT
    wide* s_new,            # OUT
) noexcept nogil:
    """Cosines and sines of phi, from those before each angle turned by `turned`.

    c_new and s_new may be c and s. Up to max_turn, the terms left out of the Taylor series
    are below 1e-16; for larger turns, sincos computes both anew.
    """
    cdef int k
    cdef mask large
    cdef wide z, sine, cosine, slack
    cdef double max_turn = 0.1  # rad: 10 rad/s at a step of 0.01 s
    slack = splat(0.0)
    for k in range(n):
        slack = minimum(slack, max_turn - absolute(turned[k]))
    for k in range(n):
        z = turned[k] * turned[k]
        sine = z * (1.0 / 362880.0) - 1.0 / 5040.0
        sine = sine * z + 1.0 / 120.0
        sine = sine * z - 1.0 / 6.0
        sine = turned[k] + turned[k] * (z * sine)
        cosine = z * (1.0 / 40320.0) - 1.0 / 720.0
        cosine = cosine * z + 1.0 / 24.0
        cosine = (cosine * z - 0.5) * z
        z = s[k]
        s_new[k] = z + (z * cosine + c[k] * sine)
        c_new[k] = c[k] + (c[k] * cosine - z * sine)
    if any_negative(slack):
        for k in range(n):
            large = less(splat(max_turn), absolute(turned[k]))
            sincos(phi[k], &sine, &cosine)
            s_new[k] = select(large, sine, s_new[k])
            c_new[k] = select(large, cosine, c_new[k])
