"""Learning: behaviour cloning, and its policy as the actor of an RL algorithm."""
