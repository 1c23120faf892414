# Bodies in lanes: planar chains of links that swim. `_swimmers.Swimmers` owns them,
# kernels/swimmer.pyx moves them. SI units; tasks/chain.py computes the fields.

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

# Advance one part of a block, one machine vector of lanes, by n_substeps. state is
# [2 (n_links + 2)][lane]: positions, then velocities, with absolute angles.
ctypedef void (*swim_t)(
    const Chain* chain,             # IN
    wide* state,                    # IN/OUT
    const wide* torques,            # IN: [n_links][lane]
    int n_substeps,
    wide* work,                     # OUT: scratch
) noexcept nogil
