"""Submissions: an agent as files that the competition's own client takes."""
