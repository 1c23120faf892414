import numpy as np
from numpy.typing import NDArray

def _unsafe_lexical_order(
    major: NDArray[np.integer], minor: NDArray[np.integer], n_major: int, n_minor: int
) -> NDArray[np.int32]:
    """The order, (n,) int32, that sorts by `major`, then `minor`, equal pairs as given.

    Checks nothing: keys must lie in 0..n_major - 1 and 0..n_minor - 1, and n be below 2**31.
    """
