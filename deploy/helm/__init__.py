"""The chart, what is made from its values, and what checks it."""
