"""The notebook runner: executes notebooks with papermill, strictly, and sums them up on one page.

What a notebook and the runner agree on:

* The cell tagged `parameters` holds literals only. It always has `preset = "fast"` (smoke, fast or
  full) and `out_dir = ""`, both strings, and then the notebook's own parameters. Values derived from
  them are computed in the next cell.
* `out_dir` is the folder for everything that the notebook writes. Run by hand it is empty, and
  `soccer_lib.runs.notebook_folder(out_dir, name)` gives the place.
* What the notebook reports goes to `out_dir/summary.json`, a flat table of label -> text or number,
  and to PNG files directly in `out_dir`. The summary page shows both, and links pages (.html) there.
* A parameter `interactive`, where a notebook has one, is set to False: nobody is there to move a slider.
* The kernel's working directory is the one that the runner was started in.

A run lands in `OUT/PRESET/NAME/` beside `state.json`, which says for what source, parameters, library
and versions it holds. A notebook for which all of these are unchanged is not run again.
"""
