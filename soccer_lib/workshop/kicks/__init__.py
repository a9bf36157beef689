"""Tuning of the kicks: trials on the stock model, searched by CMA-ES."""
