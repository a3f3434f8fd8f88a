/* Tables that sort by a click on their heading and search while typing. Missing values stay last. */
(function () {
  "use strict";
  const texts = window.bankmine.texts;

  const sortKey = (cell) => cell.dataset.v !== undefined ? Number(cell.dataset.v) : cell.classList.contains("num") || cell.textContent === "–" ? null : cell.textContent;

  function compare(one, other, direction) {
    if (one === null || other === null) return (one === null) - (other === null);
    return direction * (typeof one === "number" ? one - other : one.localeCompare(other, undefined, { numeric: true }));
  }

  function sortBy(table, column) {
    const heads = [...table.tHead.rows[0].cells], head = heads[column];
    const first = head.classList.contains("num") ? "descending" : "ascending", second = first === "ascending" ? "descending" : "ascending";
    const order = head.getAttribute("aria-sort") === first ? second : first;
    heads.forEach((other) => other.removeAttribute("aria-sort"));
    head.setAttribute("aria-sort", order);
    const rows = [...table.tBodies[0].rows].map((row, i) => ({ row, i, key: sortKey(row.cells[column]) }));
    rows.sort((p, q) => compare(p.key, q.key, order === "ascending" ? 1 : -1) || p.i - q.i);
    table.tBodies[0].append(...rows.map((item) => item.row));
  }

  const HIGH = 560, SPARE = 96;  // pixels: the height of a scroll area, and what a table may exceed it by

  /* Ends the scroll area after a whole row and says where columns lie beyond its edge. */
  function fit(area) {
    const table = area.querySelector("table"), hint = area.previousElementSibling;
    if (!area.clientWidth) return;
    if (hint?.classList.contains("sideways")) hint.hidden = area.scrollWidth <= area.clientWidth + 1;
    if (!table || area.closest(".how")) return;
    const top = table.getBoundingClientRect().top, bar = area.offsetHeight - area.clientHeight;
    const bottoms = [...table.rows].filter((row) => !row.hidden).map((row) => row.getBoundingClientRect().bottom - top);
    const last = bottoms[bottoms.length - 1] ?? 0, whole = last <= HIGH + SPARE ? last : Math.max(...bottoms.filter((bottom) => bottom <= HIGH), bottoms[0]);
    const height = Math.ceil(whole) + bar + "px";
    if (area.style.maxHeight !== height) area.style.maxHeight = height;
  }
  const widths = new ResizeObserver((entries) => entries.forEach(({ target }) => fit(target.closest(".scroll"))));

  /* Makes every table of the page ready that is not yet, so that parts fetched later are like the rest. */
  function adopt() {
    const fresh = (selector) => [...document.querySelectorAll(selector)].filter((one) => !one.dataset.ready);
    fresh(".scroll > table, table.sortable, input.search").forEach((one) => {
      if (one.matches(".scroll > table")) { widths.observe(one); widths.observe(one.parentElement); }
      if (one.matches("table.sortable")) sortable(one);
      if (one.matches("input.search")) searchable(one);
      one.dataset.ready = "yes";
    });
  }

  function sortable(table) {
    [...table.tHead.rows[0].cells].forEach((head, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      button.addEventListener("click", () => sortBy(table, column));
      head.append(button);
    });
  }

  function searchable(input) {
    const table = input.parentElement.querySelector("table"), none = document.createElement("p");
    none.className = "empty";
    none.textContent = texts.none_found;
    none.hidden = true;
    none.setAttribute("role", "status");
    table.after(none);
    input.addEventListener("input", () => {
      const words = input.value.toLocaleLowerCase().split(/\s+/).filter(Boolean);
      let found = 0;
      for (const row of table.tBodies[0].rows) {
        const text = row.textContent.toLocaleLowerCase();
        row.hidden = !words.every((word) => text.includes(word));
        found += !row.hidden;
      }
      none.hidden = found > 0;
      fit(table.parentElement);
    });
  }

  adopt();
  document.addEventListener("htmx:afterSettle", adopt);
})();
