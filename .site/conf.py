"""Configuration of the documentation site: ``sphinx-build -W --keep-going .site build/site``.

Pages are Markdown here, README's parts, the notebooks with the outputs they were saved with, and
what `reference`, `laws_gallery` and `plots_gallery` write into ``generated`` from the package
itself. The site needs no network, neither to be built nor to be read.
"""

import shutil
import sys
from pathlib import Path

SITE = Path(__file__).resolve().parent
ROOT = SITE.parent
sys.path.insert(0, str(SITE))

import laws_gallery
import links
import mathml
import nbformat
import plots_gallery
import reference
import thresholds
from numpydoc.xref import DEFAULT_LINKS

import bayes_scaling as bs

project = "bayes_scaling"
author = "The bayes_scaling developers"
copyright = "The bayes_scaling developers, Apache-2.0"
version = release = bs.__version__

extensions = ["sphinx.ext.autodoc", "numpydoc", "myst_nb"]
exclude_patterns = ["generated/figures", "**.ipynb_checkpoints"]
suppress_warnings = ["mystnb.unknown_mime_type"]

# A name in single backticks is a link where it is a public one, and code otherwise.
default_role = "py:obj"
nitpicky = True
# Names of other packages and of arguments are no pages here.
nitpick_ignore_regex = [(r"py:.*", r"(?!bayes_scaling).*")]

autodoc_default_options = {"members": True, "member-order": "bysource"}
autodoc_typehints = "none"
numpydoc_show_class_members = False
numpydoc_xref_param_type = True
# Types of Python and NumPy stay words: their own sites are not looked up.
numpydoc_xref_aliases = {name: name for name in DEFAULT_LINKS} | reference.class_names()
numpydoc_xref_ignore = "all"
add_module_names = False
toc_object_entries = False

myst_enable_extensions = ["dollarmath", "colon_fence", "substitution"]
myst_heading_anchors = 3
myst_substitutions = thresholds.SUBSTITUTIONS
nb_execution_mode = "off"

html_theme = "furo"
html_title = "bayes_scaling"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_math_renderer = "mathml"
html_copy_source = False
html_show_sourcelink = False
html_theme_options = {
    "light_css_variables": {"color-brand-primary": "#1f6ea8", "color-brand-content": "#1f6ea8"},
    "dark_css_variables": {"color-brand-primary": "#7cc0ee", "color-brand-content": "#7cc0ee"},
}


def copy_notebook(source, target):
    """Copy a notebook, with formulas of its saved outputs typeset."""
    notebook = nbformat.read(source, as_version=4)
    for cell in notebook.cells:
        for output in cell.get("outputs", ()):
            if "text/html" in output.get("data", {}):
                output.data["text/html"] = mathml.within_html(output.data["text/html"])
    target.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, target)


def generate(_app):
    """Write the pages that are made from the package, and copy the notebooks."""
    thresholds.check_verdict_page(SITE / "pages" / "verdict.md")
    made = SITE / "generated"
    shutil.rmtree(made, ignore_errors=True)
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        copy_notebook(path, made / "notebooks" / path.name)
    reference.write(made / "reference")
    laws_gallery.write(made / "laws.rst")
    plots_gallery.write(made / "plots.rst", made / "figures")


def setup(app):
    """Register what happens before the pages are read and after they are written."""
    app.add_html_math_renderer("mathml", (mathml.inline, None), (mathml.block, None))
    app.connect("builder-inited", generate)
    app.connect("build-finished", links.check)
