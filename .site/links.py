"""Links of the built pages: those within the site lead somewhere, others are well-formed.

Nothing is looked up: whether another site answers is its own affair.
"""

from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

from sphinx.util import logging

LOG = logging.getLogger(__name__)

SCHEMES = frozenset({"https", "mailto", "data"})


class Page(HTMLParser):
    """Anchors and links of one page."""

    def __init__(self, text):
        super().__init__()
        self.anchors, self.links = {"", "top"}, []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        """Keep ids, and what is linked to or shown."""
        for name, value in attributes:
            if name in ("id", "name") and value:
                self.anchors.add(value)
            if (tag, name) in (("a", "href"), ("img", "src"), ("link", "href"), ("script", "src")):
                self.links.append(value or "")


def check(app, error):
    """Warn of every link that leads nowhere."""
    if error is not None or app.builder.format != "html":
        return
    files = sorted(Path(app.outdir).rglob("*.html"))
    pages = {path.resolve(): Page(path.read_text(encoding="utf-8")) for path in files}
    for path, page in pages.items():
        for link in dict.fromkeys(page.links):
            problem = _problem(path, link, pages)
            if problem:
                LOG.warning("%s: link %r %s", path.relative_to(app.outdir), link, problem)


def _problem(path, link, pages):
    parts = urlsplit(link)
    if parts.scheme:
        formed = parts.scheme in SCHEMES and (parts.netloc or parts.scheme != "https")
        return "" if formed else "is not well-formed, or not https"
    target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
    if not target.is_file():
        return "leads to no file of the site"
    if target in pages and unquote(parts.fragment) not in pages[target].anchors:
        return "leads to no place on that page"
    return ""
