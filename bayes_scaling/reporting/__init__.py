"""Material for a paper: citations with their verdict, tables, BibTeX, a paragraph on methods."""

from bayes_scaling.display.digits import estimate
from bayes_scaling.reporting.citing.citation import Citation, cite
from bayes_scaling.reporting.citing.tables import latex_table, markdown_table, written_table

__all__ = ["Citation", "cite", "estimate", "latex_table", "markdown_table", "written_table"]
