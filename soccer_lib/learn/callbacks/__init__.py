"""What watches a training run: each callback of Stable-Baselines3 has one hook and one job."""
