"""What the sampler did, kept so that any step can be shown again without the network. NumPy and pandas."""
