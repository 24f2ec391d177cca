"""Rollouts: roll back, cancel, pause, restart, set an image, delete the pod that blocks an ordered rollout."""
