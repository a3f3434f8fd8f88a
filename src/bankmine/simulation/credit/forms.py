"""How the forms were filled in: steps in the app or on the site, in the layout of all digital events.

Each field is typed, pasted or edited; each page is left after some seconds. Whoever pastes shows the sign
`pasted`, whoever hurries the sign `fast`; both have innocent causes.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from bankmine.simulation import columns
from bankmine.simulation.catalogue import CODES
from bankmine.simulation.credit.applications import CHANNELS, SIGNS, Applications
from bankmine.simulation.credit.requests import Requests
from bankmine.simulation.entries import COUNTRIES
from bankmine.simulation.frame import DAY, Frame
from bankmine.simulation.keyed import Keyed
from bankmine.simulation.people import People

EVENTS = ("page_viewed", "field_typed", "field_pasted", "field_edited", "form_sent")
_VIEWED, _TYPED, _PASTED, _EDITED, _SENT = range(5)
PAGES = ("application/start", "application/person", "application/income", "application/purpose",
         "application/check")  # fmt: skip
# Steps of a form: page and whether the step is a field (a page's view comes before its fields).
_STEPS = tuple((page, step > 0) for page, fields in enumerate((0, 3, 3, 1, 0)) for step in range(fields + 1))
_EACH = 64  # raw numbers of one form's steps
SCHEMA_DIGITAL = pa.schema(
    [("event_no", pa.int64()), ("customer", pa.int64()), ("prospect", pa.int64()),
     ("happened_at", columns.TIMESTAMP), ("channel", columns.CODE), ("event", columns.CODE),
     ("page", columns.CODE), ("product", columns.CODE), ("session", pa.int64()), ("device", pa.int64()),
     ("ip_country", columns.CODE), ("duration_ms", pa.int32())]
)  # fmt: skip


def form_steps(frame: Frame, who: People, asked: Requests, forms: Applications) -> pa.Table:
    """Rows of the extract `digital`; forms of a branch or a partner leave none."""
    which = np.flatnonzero(forms.typed & ~asked.held & (forms.second < frame.days * DAY))
    lots = Keyed(frame.random(who.community, "forms"))
    page, is_field = (np.array(part) for part in zip(*_STEPS, strict=True))
    step = np.arange(page.size)[None, :]
    key = asked.key[which][:, None]
    signs = forms.signs[which]
    habit = lots.uniform("habit", asked.key[which])
    pastes = np.where(signs[:, SIGNS.index("pasted")], 0.65, 0.06)[:, None]
    luck = lots.uniform("field", key, step)
    event = np.where(luck < pastes, _PASTED, np.where(luck > 0.93, _EDITED, _TYPED))
    event = np.where(is_field[None, :], event, _VIEWED)
    pace = np.where(signs[:, SIGNS.index("fast")], 0.3, 0.75 + 0.7 * habit) * (
        1.3 - 0.4 * who.digital[asked.person[which]]
    )
    usual = np.where(event == _PASTED, 2_600, np.where(is_field[None, :], 8_500, 5_500))
    took = usual * pace[:, None] * np.exp(0.45 * lots.normal("took", key, step))
    event = np.concatenate([event, np.full((which.size, 1), _SENT)], axis=1)
    took = np.concatenate([took, np.full((which.size, 1), 900.0)], axis=1).astype(np.int32)
    page = np.append(page, len(PAGES) - 1)
    before = np.cumsum(took, axis=1) - took
    second = forms.second[which][:, None] - 60 + (before // 1_000)
    steps = page.size
    row = np.repeat(which, steps)
    inside = second.ravel() < frame.days * DAY
    return pa.table(
        {
            "event_no": columns.key(forms.number[row] * _EACH + np.tile(np.arange(steps), which.size)),
            "customer": columns.key(who.number[asked.person[row]]),
            "prospect": columns.key(row * 0),
            "happened_at": columns.when(second.ravel()),
            "channel": columns.code(forms.channel[row], CHANNELS[:2]),
            "event": columns.code(event.ravel(), EVENTS),
            "page": columns.code(np.tile(page, which.size), PAGES),
            "product": columns.code(asked.product[row], CODES),
            "session": columns.key(forms.session[row]),
            "device": columns.key(forms.device[row]),
            "ip_country": columns.code(forms.country[row], COUNTRIES),
            "duration_ms": pa.array(took.ravel()),
        },
        schema=SCHEMA_DIGITAL,
    ).filter(pa.array(inside))
