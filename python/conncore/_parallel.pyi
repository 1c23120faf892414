def has_openmp() -> bool:
    """Whether this build runs blocks on several threads."""
