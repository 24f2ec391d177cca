"""Autoscalers: state and reasons of an HPA, claims of VPA and KEDA, budgets and quotas, samples of usage."""
