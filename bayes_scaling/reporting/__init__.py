"""What goes into a paper: citations with their verdict, tables, BibTeX, a paragraph on methods."""

from bayes_scaling.reporting.citing import Citation, cite
from bayes_scaling.reporting.digits import estimate
from bayes_scaling.reporting.tables import latex_table, markdown_table, written_table

__all__ = ["Citation", "cite", "estimate", "latex_table", "markdown_table", "written_table"]
