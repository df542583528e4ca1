"""The work of the stages. No agent imports another; what two of them need is in streams or schemas.

Their packages export nothing: every worker reads all settings, and has the libraries of its own stage alone.
"""
