"""Model cards as HTML: headings below the page's own, tables that scroll, no markup from the text."""

from bankmine.web.markdown import as_html


def test_the_title_is_left_out_and_headings_lie_below_the_pages():
    html = as_html("# Churn — model card\n\nWho leaves.\n\n## Purpose\n\n### Owner\n")
    assert "<h1>" not in html
    assert "model card" not in html
    assert "<h3>Purpose</h3>" in html
    assert "<h4>Owner</h4>" in html


def test_a_table_scrolls_by_keyboard():
    html = as_html("| a | b |\n|---|---|\n| 1 | 2 |\n")
    assert '<div class="rows-scroll" tabindex="0"><table>' in html
    assert "</table></div>" in html
    assert "<td>2</td>" in html


def test_nothing_of_the_text_becomes_markup_or_runs():
    html = as_html(
        "<script>alert(1)</script> <table> [x](javascript:alert(1)) ![y](http://elsewhere/z.png)\n\n<b>b</b>"
    )
    assert "<script" not in html
    assert "<b>" not in html
    assert "<table" not in html
    assert "href" not in html
    assert "<img" not in html
