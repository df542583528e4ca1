"""The worker process of a stage, on Faust: the only folder that imports it."""
