"""Hosted recognisers, against local servers that speak their protocols."""
