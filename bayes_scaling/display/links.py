"""Names of runs in sentences, as links to their web pages."""

import re
from collections.abc import Callable, Mapping
from html import escape

# Messages name runs in quotes; an apostrophe follows a letter.
_QUOTED = re.compile(r"(?<!\w)'([^']+)'(?!\w)")


def with_links(
    text: str,
    urls: Mapping[str, str],
    escaped: Callable[[str], str],
    link: Callable[[str, str], str],
) -> str:
    """Return a text made safe, in which names in quotes are links where their page is known.

    Parameters
    ----------
    text
        What is said.
    urls
        The web page of each run, by its name.
    escaped
        Makes text safe.
    link
        Writes a link, given its escaped text and the page.

    Examples
    --------
    >>> with_links("rows 'a', 'b'", {"b": "https://x.org"}, str, "[{}]({})".format)
    "rows 'a', '[b](https://x.org)'"
    """
    pieces, end = [], 0
    for found in _QUOTED.finditer(text):
        if found[1] in urls:
            pieces += [escaped(text[end : found.start(1)]), link(escaped(found[1]), urls[found[1]])]
            end = found.end(1)
    return "".join([*pieces, escaped(text[end:])])


def html_with_links(text: str, urls: Mapping[str, str]) -> str:
    """Return a text as HTML, with links to the pages of the runs that it names in quotes.

    Examples
    --------
    >>> html_with_links("without 'b' < 1", {"b": "https://x.org?a&b"})
    'without &#x27;<a href="https://x.org?a&amp;b">b</a>&#x27; &lt; 1'
    """
    return with_links(text, urls, escape, lambda name, url: f'<a href="{escape(url)}">{name}</a>')
