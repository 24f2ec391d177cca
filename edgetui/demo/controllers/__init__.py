"""The controllers of a simulated cluster: each watches, compares and writes, like its namesake in Kubernetes."""
