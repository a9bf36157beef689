"""Weights that others trained: what their files say of themselves, and the runtimes that play them."""
