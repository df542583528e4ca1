"""The pages that people look at, and who may see which. Rendered here, by the API's own functions."""
