"""A terminal for many small Kubernetes clusters."""

__version__ = "0.1.0"
