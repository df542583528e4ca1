"""The chart on a real Kubernetes API server: what KUBECONFIG names, kind or a control plane with fake nodes (kwok)."""
