"""`sweep`: many short trials of `train` or `bc`, by any number of workers; none is lost."""
