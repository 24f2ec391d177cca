"""A simulated fleet on loopback, in a process of its own, for trying edgetui out."""
