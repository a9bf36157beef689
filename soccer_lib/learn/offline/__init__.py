"""Offline reinforcement learning: a critic judges demonstrations, and a clone learns from its judgement."""
