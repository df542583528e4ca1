"""The pages that people look at: calls, one call, and who may see them. Rendered here, by the API's own functions."""
