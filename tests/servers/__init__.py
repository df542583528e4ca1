"""Local servers that speak the protocols of services that are not here."""
