# Whether capsules of one body meet, which kernels/planar.pyx reports and does not compute.

from conncore._block cimport any_lane, less, mask, minimum, select, splat, wide
from conncore._bodies cimport Pair, Tree
from conncore._trees cimport Room, front


cdef inline wide gap(wide x, wide z, wide half_x, wide half_z, double inverse) noexcept nogil:
    """Squared distance of (x, z) from the segment that reaches from the origin +- half."""
    cdef wide t = (x * half_x + z * half_z) * inverse
    t = minimum(splat(1.0), -minimum(splat(1.0), -t))
    x = x - t * half_x
    z = z - t * half_z
    return x * x + z * z


cdef inline mask parted(
    wide x, wide z, wide tip_x, wide tip_z, wide half_x, wide half_z
) noexcept nogil:
    """Where the line through the origin along half passes between (x, z) + tip and (x, z) - tip."""
    cdef wide one = half_x * (z + tip_z) - half_z * (x + tip_x)
    cdef wide other = half_x * (z - tip_z) - half_z * (x - tip_x)
    return less(one * other, splat(0.0))


cdef inline mask find_meetings(
    int kind,
    int n,
    const Tree* tree,       # IN
    Room* room,             # IN: c, s, rx, rz, z; OUT: px, scratch
) noexcept nogil:
    """Return the lanes in which a pair meets: the smallest distance of the two axes is too small.

    That distance is from the end of one axis to the other axis, or 0 where the axes cross.
    """
    cdef const Pair* pair
    cdef wide* joint_x = room.px
    cdef int i, k, p, m
    cdef wide ax, az, bx, bz, x, z, least
    cdef mask meet = less(splat(0.0), splat(0.0))
    joint_x[0] = splat(0.0)
    for k in range(1, n):
        joint_x[k] = joint_x[front(kind, tree, k)] + room.rx[k]
    for i in range(tree.n_pairs):
        pair = &tree.pairs[i]
        k = pair.one
        m = pair.other
        x = (joint_x[m] + pair.other_x * room.c[m] + pair.other_z * room.s[m]
             - joint_x[k] - pair.one_x * room.c[k] - pair.one_z * room.s[k])
        z = (room.z[m] + pair.other_z * room.c[m] - pair.other_x * room.s[m]
             - room.z[k] - pair.one_z * room.c[k] + pair.one_x * room.s[k])
        if not any_lane(less(x * x + z * z, splat(pair.far))):
            continue
        ax = pair.one_half_x * room.c[k] + pair.one_half_z * room.s[k]
        az = pair.one_half_z * room.c[k] - pair.one_half_x * room.s[k]
        bx = pair.other_half_x * room.c[m] + pair.other_half_z * room.s[m]
        bz = pair.other_half_z * room.c[m] - pair.other_half_x * room.s[m]
        least = minimum(
            minimum(gap(x + bx, z + bz, ax, az, pair.one_inverse),
                    gap(x - bx, z - bz, ax, az, pair.one_inverse)),
            minimum(gap(ax - x, az - z, bx, bz, pair.other_inverse),
                    gap(-ax - x, -az - z, bx, bz, pair.other_inverse)),
        )
        meet = meet | less(least, splat(pair.reach)) | (
            parted(x, z, bx, bz, ax, az) & parted(-x, -z, ax, az, bx, bz)
        )
    return meet
