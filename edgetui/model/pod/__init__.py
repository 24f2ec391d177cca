"""Pods: what is wrong with one, why it is not scheduled, its logs, resize and images."""
