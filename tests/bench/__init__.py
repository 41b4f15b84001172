"""Speed and memory, measured: python -m tests.bench (or make bench) prints one table."""
