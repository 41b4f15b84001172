"""A recording -> everything that can be measured of it, on one time grid (see config.GridConfig)."""
