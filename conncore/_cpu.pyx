"""Which instruction sets this processor has."""

cdef extern from *:
    """
    #if defined(__x86_64__) && defined(__GNUC__)
    static int cc_has_avx2(void)
    {
        return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    }
    static int cc_has_avx512(void)
    {
        return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq")
            && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("fma");
    }
    #else
    static int cc_has_avx2(void) { return 0; }
    static int cc_has_avx512(void) { return 0; }
    #endif
    """
    bint cc_has_avx2()
    bint cc_has_avx512()


def instruction_sets():
    """Names of the instruction sets that this processor runs, the fastest first."""
    found = ["baseline"]
    if cc_has_avx2():
        found.insert(0, "avx2")
    if cc_has_avx512():
        found.insert(0, "avx512")
    return tuple(found)
