"""A trial on recordings of one's own: what they are worth, what comes of them, what it would take."""
