"""The list of calls: which ones, as rows, page by page."""
