"""Real services on one machine, without containers: for developers and for the tests."""
