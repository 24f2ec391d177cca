"""Rollouts: status as kubectl judges it, revisions, differences, time to go, and when a guard acts."""
