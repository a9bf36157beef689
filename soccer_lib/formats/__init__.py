"""Files that other people's programs wrote, read as data: no code in them is run."""
