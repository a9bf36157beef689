"""Benchmarks: `python -m soccer_lib bench NAME`, each with a table and a JSON."""
