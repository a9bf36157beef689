"""Pictures and tables of results; the only room that draws."""

from soccer_lib.view.components import plot_components
from soccer_lib.view.figures import picture, save_figure
from soccer_lib.view.results import plot_results
from soccer_lib.view.table import results_table

__all__ = ["picture", "plot_components", "plot_results", "results_table", "save_figure"]
