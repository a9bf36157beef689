"""Behaviour cloning and DAgger: from demonstrations to a policy."""
