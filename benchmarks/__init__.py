"""The benchmarks. Each module with a ``main`` is runnable alone; README.md lists them."""
