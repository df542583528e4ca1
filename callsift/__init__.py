"""The command line, what wires a stage to its agent, and the embedded services."""
