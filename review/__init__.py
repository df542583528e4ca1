"""The statistics of reviewing: which calls people listen to, and what their labels are worth."""
