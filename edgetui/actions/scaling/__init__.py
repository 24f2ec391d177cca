"""Replicas and resources: scale, scale to 0, HPA bounds, KEDA, in-place resize, and who owns the number."""
