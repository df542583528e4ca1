"""The HTTP API: hands calls in, says where they are and what they ended as. Imports no agent."""
