"""`runbook`: named steps from data to a submission, each a command of the project; run again to continue.

`read` turns a file into steps and refuses what could not run, `gates` judges figures, `records` knows what is
done and unchanged, `process` runs one step, `run` all of them, `page` shows how far they are.
"""
