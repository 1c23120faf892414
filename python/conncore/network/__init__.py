"""A connectome as a neural network: its genome, its input and output, its equations."""
