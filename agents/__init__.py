"""The work of the stages. No agent imports another; what two of them need is in streams or schemas."""
