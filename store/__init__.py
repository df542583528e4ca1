"""What callsift keeps: one document per call in MongoDB. The only room that talks to it."""
