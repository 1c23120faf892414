# Bodies in lanes. Planar chains of links that swim: `_swimmers.Swimmers` owns them,
# kernels/swimmer.pyx moves them, tasks/chain.py computes the fields. Planar trees of links on a
# floor: `_planar.PlanarBodies`, kernels/planar.pyx, tasks/planar.py. SI units.

from conncore._block cimport wide

# One link of a chain, with its joint in front of it.
cdef struct Link:
    double centre            # from the link's anchor to its centre of mass, along its axis
    double length            # from its anchor to the next link's
    double moment            # first moment: mass times centre, plus mass behind times length
    double drag_along        # of the fluid: force = v (drag |v| + viscous); torque likewise
    double viscous_along
    double drag_across
    double viscous_across
    double drag_turning
    double viscous_turning
    double armature
    double offset            # joint angle = phi - phi of the link in front - offset
    double lower             # limits of the joint angle
    double upper
    double middle            # of the limits, as a difference of phi
    double half_range
    double impedance_min     # soft limit: solimp, solref, dof_invweight0 of MuJoCo
    double impedance_max
    double inverse_width
    double midpoint
    double inverse_weight
    double stiffness
    double damping

cdef struct Chain:
    int n_links
    bint runge_kutta
    double timestep
    double inverse_mass
    const Link* links
    const double* coupling   # [n_links][n_links], symmetric

cdef struct Motor:
    int link                 # turns this link against the one in front of it
    double gear
    double lower             # of the control
    double upper

# One link of a tree on a floor, with its joint in front of it; tasks/planar.py has the frames.
cdef struct Limb:
    double joint_x           # of the joint, in the frame of the link in front
    double joint_z
    double mass
    double moment_x          # mass times centre of mass, in the link's frame
    double moment_z
    double inertia           # about the joint
    double armature
    double damping
    double stiffness         # spring, with its rest at this angle of the joint
    double rest
    double middle            # of the limits of the joint's angle
    double half_range
    double inverse_weight    # soft limit: dof_invweight0, solimp, solref of MuJoCo
    double limit_impedance_min
    double limit_impedance_max
    double limit_inverse_width
    double limit_midpoint
    double limit_stiffness
    double limit_damping

# A sphere fixed to a link, which the floor stops.
cdef struct Point:
    double x                 # of the centre, in the link's frame
    double z
    double radius
    double margin            # the contact begins this far above the floor
    double floor             # height of the floor
    double friction
    double inverse_weight    # soft contact: R of MuJoCo times impedance / (1 - impedance)
    double impedance_min
    double impedance_max
    double inverse_width
    double midpoint
    double stiffness
    double damping

# Two capsules of one body that could meet. A sphere is a capsule whose ends are one point.
cdef struct Pair:
    int one                  # links
    int other
    double one_x             # middle of its axis, in its link's frame
    double one_z
    double one_half_x        # from there to an end
    double one_half_z
    double one_inverse       # of the squared length of that; 0 for a sphere
    double other_x
    double other_z
    double other_half_x
    double other_half_z
    double other_inverse
    double reach             # squared distance in the plane at which they meet
    double far               # squared distance of their middles from which they cannot

cdef struct Tree:
    int n_links
    int n_points
    int n_pairs
    int full_rounds          # Newton steps of the contact solver before it searches along them
    int max_rounds           # after which it reports a lane
    bint runge_kutta
    double timestep
    double gravity
    double height            # of link 0's joint, where z is 0
    const int* parents
    const Limb* limbs
    const Point* points
    const int* point_links
    const Pair* pairs

# Advance one part of a block, one machine vector of lanes, by n_substeps. state is
# [n_body][lane]: n_links + 2 positions, as many velocities, with absolute angles, and what the
# kernel remembers. torques act on absolute angles.
ctypedef void (*advance_t)(
    const void* model,              # IN: a Chain or a Tree
    wide* state,                    # IN/OUT
    const wide* torques,            # IN: [n_links][lane]
    int n_substeps,
    wide* work,                     # OUT: scratch
) noexcept nogil
