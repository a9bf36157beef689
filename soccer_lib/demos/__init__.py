"""Motion clips and demonstrations to datasets: what behaviour cloning learns from."""
