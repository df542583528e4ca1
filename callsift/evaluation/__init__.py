"""Measuring a classifier, or the whole chain, on labelled calls: asking, keeping answers, and the report."""
