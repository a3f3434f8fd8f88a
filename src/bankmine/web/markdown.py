"""Model cards as pages: Markdown into HTML, of which none of its own text becomes markup.

Cards name columns and files as data say them: what looks like HTML is shown as text, and nothing is a link.
"""

from __future__ import annotations

from functools import lru_cache

from markdown_it import MarkdownIt
from markupsafe import Markup

_READER = MarkdownIt("commonmark", {"html": False}).enable("table").disable(["image", "link", "autolink"])
_DEEPEST = 6


@lru_cache(maxsize=64)
def as_html(text: str, below: int = 2) -> Markup:
    """The text's HTML; its title, a first heading, is left out, the other headings lie below `below`."""
    tokens = _READER.parse(text)
    if tokens and tokens[0].type == "heading_open" and tokens[0].tag == "h1":
        tokens = tokens[3:]
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(int(token.tag[1:]) + below - 1, _DEEPEST)}"
    html = _READER.renderer.render(tokens, _READER.options, {})
    html = html.replace("<table>", '<div class="rows-scroll" tabindex="0"><table>')
    return Markup(html.replace("</table>", "</table></div>"))  # text of the card cannot hold a tag
