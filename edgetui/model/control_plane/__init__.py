"""The control plane of a cluster: which of its parts are alive, who leads, and what one more loss would stop."""
