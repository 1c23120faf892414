def instruction_sets() -> tuple[str, ...]:
    """Names of the instruction sets that this processor runs, the fastest first."""
