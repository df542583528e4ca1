"""The chart on a real Kubernetes API server: whatever KUBECONFIG names, kind or a control plane with fake nodes (kwok)."""
