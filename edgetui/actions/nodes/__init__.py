"""Actions on nodes: no new pods on one, and its pods elsewhere."""
