"""Training of the walker: gait search by CMA-ES, then a residual network by PPO."""
