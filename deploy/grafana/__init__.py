"""The Grafana dashboard, made from a list of panels."""
