"""What a connectome holds, and what may be wrong with it."""
