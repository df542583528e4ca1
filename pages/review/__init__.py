"""Review: calls are drawn, read blind, and say how right the machine is."""
