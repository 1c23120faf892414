# The decisions of the compiled core. Every kernel follows them; other files do not repeat them.
#
# Lanes. One member takes one lane, and LANES members form a block. A per-member array is laid out
# as [block][item][lane], so the innermost loop runs over lanes and becomes SIMD code. A struct says
# so where an array has another layout: what Python reads and writes is [member][item], and spikes
# are one bit per lane. The last block is filled up with copies of the last member, whose results
# nobody reads. Networks too large for lanes have their own layout: see _events.pxd.
#
# Precision. The weights of sparse maps are float32, because a step mostly waits until memory
# delivers them, and float32 halves the bytes. State, sums and actions are float64. Two exceptions
# use float32: kernels/products, whose matrix products need speed and not precision, and the
# actions and control costs of an episode, which Gymnasium rounds to float32 as well.
#
# Same bits. A run gives the same bits on every instruction set. For this, setup.py compiles with
# -ffp-contract=off (no fused multiply-add) and without -ffast-math. The flags -fno-trapping-math
# and -fno-math-errno change no value. tanh, sine and cosine come from _simd.h (tanh in float32 from
# _products.h), not from the C library. There is one exception: kernels/episode calls the C
# library's sine and cosine for a reward, the same ones on every instruction set.
#
# Order of sums. A row of a sparse map starts from its bias or drive and then adds its entries in
# the order of the map. Three places must keep this order alike: kernels/network, kernels/events and
# the NumPy twin in python/conncore/reference. If you change the order, change all three.
#
# Threads. In the core, only _parallel.pyx starts threads. (Python's network/batched.py calls
# kernels/products from threads of its own.) _parallel calls a function once per block. In general,
# a block is LANES members, and a kernel reads and writes its own block only. A result therefore
# depends on neither the number of threads nor the lane nor the other members. There are two other
# kinds of block. _noise.pyx takes some rows of random numbers. kernels/events takes one range of
# the neurons of one member, which writes its own range only, but reads what all ranges of that
# member sent in the step before; its decode takes one member, after all ranges are done.
#
# Memory. Population, EventPopulation and Episodes own all arrays, check them once and keep them
# alive. The argument structs hold bare pointers into these arrays. kernels/products works on arrays
# of its caller, who has checked them. Kernels allocate no memory and check nothing.
#
# Signatures. "# IN", "# OUT" and "# IN/OUT" tell what a function does with the memory behind a
# pointer: read it, write it without reading it first, or both. Pointers called scratch are OUT.

cdef extern from "_simd.h" nogil:
    enum:
        LANES "CC_LANES"
        VECTORS "CC_VECTORS"
    ctypedef double vec "cc_vec"
    ctypedef unsigned short spikes_t "cc_spikes"  # one bit per lane: whether the cell spikes there
    void add_where "cc_add_where"(
        spikes_t spikes,
        const float* w,             # IN
        vec* total,                 # IN/OUT
    )
    void add_product "cc_add_product"(
        const float* w,             # IN
        const vec* x,               # IN
        vec* total,                 # IN/OUT
    )
    spikes_t pack "cc_pack"(const double* z)
    # Pointers that do not overlap any other argument of the same function (C's restrict).
    ctypedef double* out_t "cc_out"
    ctypedef const double* in_t "cc_in"
    double tanh_lane "cc_tanh"(double x)
    # One vector with operators, for a kernel that works on one vector of lanes at a time. A block
    # has PARTS of them per item.
    enum:
        PARTS "CC_PARTS"
    ctypedef double wide "cc_wide"
    ctypedef long long mask "cc_mask"
    wide splat "cc_splat"(double x)
    wide absolute "cc_abs"(wide x)
    wide minimum "cc_min"(wide a, wide b)
    mask less "cc_less"(wide a, wide b)
    wide select "cc_select"(mask condition, wide yes, wide no)
    bint any_lane "cc_any"(mask condition)
    bint any_negative "cc_any_negative"(wide x)
    void sincos "cc_sincos"(
        wide x,
        wide* sine,                 # OUT
        wide* cosine,               # OUT
    )
    void prefetch "cc_prefetch"(const void* address)
    int lowest_bit "__builtin_ctz"(unsigned int bits)  # bits must not be 0

# Work on one block. Kernels export such functions in capsules named "conncore.block_fn".
ctypedef void (*block_fn)(
    void* args,                     # IN/OUT: the owner's struct, and its arrays of this block
    Py_ssize_t block,
) noexcept nogil
