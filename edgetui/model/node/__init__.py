"""What a node means for what runs on it: what happens when it fails, and what leaves it before that.

Rules are those of Kubernetes' node lifecycle, taint eviction and disruption controllers, and of its scheduler.
"""
