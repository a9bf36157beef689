"""The command line: one file a command; what the annexes offer is named in the table of `main`."""
