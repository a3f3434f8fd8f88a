"""Draws docs/pictures/simulation.svg: which causes of the simulated bank show in which tables."""

from __future__ import annotations

from html import escape
from pathlib import Path

FILE = Path(__file__).resolve().parents[1] / "docs/pictures/simulation.svg"
ACCENT, LINE, TEXT, PANEL = "#0B6E6E", "#9FB0B0", "#1D1F21", "#FFFFFF"
CAUSES = (
    ("life style, income, digital habit", ("spending", "products", "service")),
    ("life events: work, family, moves, windfalls", ("spending", "products", "credit")),
    ("incidents of bad service", ("satisfaction",)),
    ("better rate elsewhere, moving away", ("leaving",)),
    ("prudence, honesty, employer, guarantor", ("credit",)),
    ("persuasion, contacts before", ("campaigns",)),
    ("fraudsters, launderers", ("crime",)),
    ("regime, calendar, market", ("spending", "credit", "leaving")),
)
STEPS = (
    ("satisfaction", "satisfaction by month", ("leaving", "service")),
    ("leaving", "leaving: salary, run-down, closing", ("spending",)),
    ("products", "products held and wished for", ("credit", "spending")),
    ("credit", "applications, loans, default", ("ledger",)),
    ("spending", "payments, transfers, takings", ("ledger",)),
    ("crime", "fraud and laundering patterns", ("ledger",)),
    ("ledger", "one ledger: books, declines, balances", ()),
    ("service", "app and web, talks, surveys", ()),
    ("campaigns", "campaigns with control groups", ("products",)),
)
TABLES = (
    ("satisfaction", "interaction, customer_flag"),
    ("leaving", "customer.closed_on"),
    ("products", "holding, account, card"),
    ("credit", "credit_application, bureau_*, loan*, party_link"),
    ("spending", "standing_order, counterparty"),
    ("crime", "feedback, digital_event"),
    ("ledger", "transaction, balance"),
    ("service", "digital_event, interaction, consent"),
    ("campaigns", "contact, offer, campaign"),
)
LEFT, MIDDLE, RIGHT = (20, 300), (400, 290), (780, 380)  # x and width of each column


def main() -> None:
    """Writes the picture."""
    parts, steps = [], {name: 70 + 58 * place for place, (name, _, _) in enumerate(STEPS)}
    causes = {words: 70 + 66 * place for place, (words, _) in enumerate(CAUSES)}
    for words, goals in CAUSES:
        parts += [_line(LEFT[0] + LEFT[1], causes[words], MIDDLE[0], steps[goal]) for goal in goals]
    for name, _, goals in STEPS:
        parts += [_bend(steps[name], steps[goal]) for goal in goals]
    parts += [_line(MIDDLE[0] + MIDDLE[1], steps[name], RIGHT[0], steps[name]) for name, _ in TABLES]
    parts += [_box(*LEFT, causes[words], words) for words, _ in CAUSES]
    parts += [_box(*MIDDLE, steps[name], words, strong=True) for name, words, _ in STEPS]
    parts += [_box(*RIGHT, steps[name], words, mono=True) for name, words in TABLES]
    heads = (("Causes (truth/)", LEFT), ("What happens", MIDDLE), ("What tables show", RIGHT))
    parts += [f'<text x="{x}" y="34" class="head">{escape(words)}</text>' for words, (x, _) in heads]
    style = (
        f".head{{font:600 16px system-ui;fill:{TEXT}}}.words{{font:13px system-ui;fill:{TEXT}}}"
        f".mono{{font:12.5px ui-monospace,monospace;fill:{TEXT}}}"
    )
    picture = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1180 610" role="img" '
        f'aria-label="Causes of the simulated bank, what happens, and the tables that show it">'
        f'<defs><marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="6" markerHeight="6" '
        f'orient="auto"><path d="M0,0 L8,4 L0,8 z" fill="{ACCENT}"/></marker></defs>'
        f'<style>{style}</style><rect width="1180" height="610" fill="#FBFBFA"/>{"".join(parts)}</svg>\n'
    )
    FILE.write_text(picture, encoding="utf-8")


def _box(x: int, width: int, y: int, words: str, *, strong: bool = False, mono: bool = False) -> str:
    edge = ACCENT if strong else LINE
    kind = "mono" if mono else "words"
    return (
        f'<rect x="{x}" y="{y - 18}" width="{width}" height="36" rx="4" fill="{PANEL}" stroke="{edge}"/>'
        f'<text x="{x + 12}" y="{y + 5}" class="{kind}">{escape(words)}</text>'
    )


def _line(x: int, y: int, to_x: int, to_y: int) -> str:
    half = (x + to_x) / 2
    return f'<path d="M{x},{y} C{half},{y} {half},{to_y} {to_x},{to_y}" fill="none" stroke="{LINE}"/>'


def _bend(y: int, to_y: int) -> str:
    """From one step to another, on the right of their column."""
    x = MIDDLE[0] + MIDDLE[1]
    out = x + 18 + abs(to_y - y) // 14
    return (
        f'<path d="M{x},{y + 6} C{out},{y + 6} {out},{to_y - 6} {x},{to_y - 6}" fill="none" '
        f'stroke="{ACCENT}" '
        f'stroke-dasharray="4 3" marker-end="url(#arrow)"/>'
    )


if __name__ == "__main__":
    main()
