"""Operations: whether the stages keep up, what was given up and how to mend it, and long work."""
