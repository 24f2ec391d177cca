"""Rotation of a service-account token: whether it can be, mint, verify, write, move, end the old one."""
