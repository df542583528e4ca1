"""Ways in: what PBXs, folders and others tell of calls becomes call-ended events. Imports no agent."""
