/* What all pictures share: tokens read from the page, axes, tooltips, baselines and marks. */
(function () {
  "use strict";
  const bankmine = window.bankmine, { value, tick } = bankmine.format;
  const SIGNS = { neutral: "", good: "✓ ", watch: "! ", bad: "✕ " };
  const TIMES = ["date", "month", "instant"];
  let ink = {};

  function readTokens() {
    const style = getComputedStyle(document.documentElement);
    const token = (name) => style.getPropertyValue("--" + name).trim();
    for (const name of ["text", "quiet", "line", "panel", "accent", "baseline", "good", "watch", "bad", "low", "high", "below", "face"]) ink[name] = token(name);
    ink.categories = [1, 2, 3, 4, 5, 6, 7, 8].map((n) => token("category-" + n));
    ink.neutral = ink.categories[0];
  }

  const ruler = document.createElement("canvas").getContext("2d");
  function widthOf(text, size = 12) {
    ruler.font = `${size}px ${ink.face}`;
    return Math.ceil(ruler.measureText(text).width);
  }
  const widest = (texts, size) => Math.max(0, ...texts.map((text) => widthOf(text, size)));

  /* Shortens a text to a width in pixels, with an ellipsis. */
  function fitted(text, width, size = 12) {
    if (widthOf(text, size) <= width) return text;
    let n = text.length;
    while (n > 1 && widthOf(text.slice(0, n) + "…", size) > width) n -= 1;
    return text.slice(0, n).trimEnd() + "…";
  }

  /* A text in rows of a width in pixels, broken between words; what does not fit ends in an ellipsis. */
  function rowsOf(text, width, most, size = 12) {
    const words = text.split(/\s+/), rows = [words.shift()];
    for (const word of words) {
      const joined = rows[rows.length - 1] + " " + word;
      if (rows.length === most || widthOf(joined, size) <= width) rows[rows.length - 1] = joined; else rows.push(word);
    }
    return rows.map((row) => fitted(row, width, size));
  }

  function base(extra) {
    return {
      animation: false,
      useUTC: true,
      aria: { enabled: false },
      textStyle: { fontFamily: ink.face, fontSize: 12, color: ink.text },
      tooltip: tooltip("item"),
      ...extra,
    };
  }

  function tooltip(trigger, formatter) {
    return {
      trigger, formatter, renderMode: "richText", confine: true, transitionDuration: 0,
      backgroundColor: ink.panel, borderColor: ink.line, borderWidth: 1, padding: [8, 10],
      textStyle: { color: ink.text, fontSize: 12, lineHeight: 17, fontFamily: ink.face },
      axisPointer: { type: "line", lineStyle: { color: ink.baseline, type: "solid", width: 1 }, label: { show: false } },
    };
  }

  /* A tooltip for the whole row of a horizontal picture, not only for the ink in it. */
  const rowTooltip = (formatter) => ({ ...tooltip("axis", formatter), axisPointer: { type: "shadow", axis: "y", shadowStyle: { color: ink.baseline, opacity: 0.1 } } });

  function valueAxis(axis, extra = {}) {
    return {
      type: "value",
      axisLine: { show: false }, axisTick: { show: false },
      axisLabel: { color: ink.quiet, fontSize: 11, formatter: (v) => tick(v, axis), hideOverlap: true },
      splitLine: { lineStyle: { color: ink.line, width: 1 } },
      splitNumber: 4,
      ...extra,
    };
  }

  function categoryAxis(names, extra = {}) {
    return {
      type: "category", data: names,
      axisLine: { lineStyle: { color: ink.line } }, axisTick: { show: false },
      axisLabel: { color: ink.quiet, fontSize: 11, hideOverlap: true },
      ...extra,
    };
  }

  const HOUR = 36e5, DAY = 864e5, STEPS = [["h", 1], ["h", 3], ["h", 6], ["h", 12], ["d", 1], ["d", 2], ["d", 7], ["d", 14], ["m", 1], ["m", 2], ["m", 3], ["m", 6], ["m", 12], ["m", 24], ["m", 60], ["m", 120]];
  const LENGTH = { h: HOUR, d: DAY, m: 30.44 * DAY };

  /* Ticks at whole hours, days, weeks (Mondays), months or years, no more than fit. */
  function timeTicks(from, to, most, steps) {
    const [unit, n] = steps.find(([u, k]) => (to - from) / (LENGTH[u] * k) <= most) || steps[steps.length - 1], ticks = [];
    if (unit === "m") {
      const start = new Date(from);
      for (let month = Math.floor((start.getUTCFullYear() * 12 + start.getUTCMonth()) / n) * n; ; month += n) {
        const at = Date.UTC(Math.floor(month / 12), month % 12, 1);
        if (at > to) return { unit, n, ticks };
        if (at >= from) ticks.push(at);
      }
    }
    const length = LENGTH[unit] * n, shift = n % 7 ? 0 : 4 * DAY;  // 1970 began on a Thursday
    for (let at = Math.ceil((from - shift) / length) * length + shift; at <= to; at += length) ticks.push(at);
    return { unit, n, ticks };
  }

  const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
  function timeLabel(at, first, { unit, n }) {
    const zh = document.documentElement.lang.startsWith("zh"), date = new Date(at), [y, m, d] = [date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()];
    if (unit === "h") return date.getUTCHours() ? date.toISOString().slice(11, 16) : zh ? `${m + 1}-${d}` : `${d} ${MONTHS[m]}`;
    if (unit === "d") return zh ? `${m + 1}-${d}` : `${d} ${MONTHS[m]}`;
    if (n >= 12) return String(y);
    const month = zh ? `${m + 1}月` : MONTHS[m];
    return first || m < n ? `${month}\n${y}` : month;
  }

  /* Dates that stand for their months: a tick at each where they fit, so that month ends are not named after the next. */
  function monthTicks(known, most) {
    const monthOf = (at) => new Date(at).toISOString().slice(0, 7), firsts = known.slice().sort((p, q) => p - q).filter((at, i, all) => !i || monthOf(at) !== monthOf(all[i - 1]));
    if (firsts.length <= most) return { unit: "m", n: 1, ticks: firsts };
    return timeTicks(firsts[0], firsts[firsts.length - 1], most, STEPS.filter(([unit]) => unit === "m"));
  }

  /* Ticks as the kind says: months only at months, dates never at hours. */
  function ticksFor(kind, known, most) {
    if (kind === "month") return monthTicks(known, most);
    return timeTicks(Math.min(...known), Math.max(...known), most, kind === "date" ? STEPS.filter(([unit]) => unit !== "h") : STEPS);
  }

  function timeAxis(kind, range, width, extra = {}) {
    const spacing = ticksFor(kind, range.filter((v) => v !== null), Math.max(2, width / 62)), ticks = spacing.ticks;
    return {
      type: "time",
      axisLine: { lineStyle: { color: ink.baseline } }, axisTick: { show: true, lineStyle: { color: ink.line }, customValues: ticks },
      splitLine: { show: false },
      axisLabel: { color: ink.quiet, fontSize: 11, lineHeight: 14, hideOverlap: true, customValues: ticks, formatter: (at) => timeLabel(at, at === ticks[0], spacing) },
      ...extra,
    };
  }

  /* The horizontal axis of a series: time, numbers or names, as its kind says. */
  function positionAxis(axis, at, width, extra = {}) {
    if (TIMES.includes(axis.kind)) return timeAxis(axis.kind, at, width, extra);
    if (axis.kind === "text" || axis.kind === "key") return categoryAxis(at, { boundaryGap: false, ...extra });
    if (at.length <= 12 && at.every(Number.isInteger)) extra = { axisTick: { show: true, customValues: at, lineStyle: { color: ink.line } }, axisLabel: { color: ink.quiet, fontSize: 11, customValues: at, formatter: (v) => tick(v, axis) }, ...extra };
    return valueAxis(axis, { min: "dataMin", max: "dataMax", splitLine: { show: false }, axisLine: { show: true, lineStyle: { color: ink.baseline } }, ...extra });
  }

  /* Names of both axes, for pictures of two measures: the vertical one lies flat above its axis. */
  function named(axis, where, lifted = false) {
    const below = TIMES.includes(axis.kind) ? 38 : 26;
    const name = axis.label + (axis.unit ? ` (${axis.unit})` : "");
    const style = { name, nameTextStyle: { color: ink.quiet, fontSize: 11 } };
    if (where === "x") return { ...style, nameLocation: "middle", nameGap: below };
    return { ...style, nameLocation: "end", nameGap: lifted ? 24 : 10, nameTextStyle: { ...style.nameTextStyle, align: "left", padding: [0, 0, 0, -28] } };
  }

  const quietLine = { color: "", type: "solid", width: 1 };
  /* Constant levels with their name on the line. */
  function baselineMarks(baselines, axis, direction = "yAxis", first = null) {
    if (!baselines.length) return undefined;
    return {
      silent: true, symbol: "none", animation: false,
      lineStyle: { ...quietLine, color: ink.baseline },
      data: baselines.map((b) => ({
        [direction]: b.value,
        label: {
          formatter: `${b.name} ${value(b.value, axis)}`, color: ink.quiet, fontSize: 11,
          position: direction === "xAxis" ? "end" : first !== null && first >= b.value ? "insideStartBottom" : "insideStartTop",
          distance: direction === "yAxis" ? 3 : 4, textBorderColor: ink.panel, textBorderWidth: 3,
        },
      })),
    };
  }

  /* Named places on the horizontal axis, drawn as a carrier series of their own. */
  function placeMarks(marks) {
    if (!marks.length) return [];
    return [{
      type: "line", data: [], silent: true, tooltip: { show: false },
      markLine: {
        silent: true, symbol: "none", animation: false,
        data: marks.map((m) => ({
          xAxis: m.at,
          lineStyle: { color: m.tone === "neutral" ? ink.text : ink[m.tone], type: [4, 3], width: 1 },
          label: { formatter: SIGNS[m.tone] + m.text, position: "end", distance: 4, color: ink.text, fontSize: 11 },
        })),
      },
    }];
  }

  function mix(from, to, share) {
    const part = (hex, i) => parseInt(hex.slice(1 + 2 * i, 3 + 2 * i), 16);
    return "#" + [0, 1, 2].map((i) => Math.round(part(from, i) + (part(to, i) - part(from, i)) * share).toString(16).padStart(2, "0")).join("");
  }

  function luminance(hex) {
    const c = [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16) / 255).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * c[0] + 0.7152 * c[1] + 0.0722 * c[2];
  }
  /* Black or white, whichever reads better on the colour. */
  const onto = (hex) => ((luminance(hex) + 0.05) / (luminance("#1D1F21") + 0.05) > 1.05 / (luminance(hex) + 0.05) ? "#1D1F21" : "#FFFFFF");

  /* A small key for colours that mean amounts, at the upper right. */
  function colourKey(stops, texts) {
    const width = 72, right = widthOf(texts[1], 11) + 6;
    const style = { fontSize: 11, fontFamily: ink.face, fill: ink.quiet };
    return [
      { type: "text", right: 0, top: 0, silent: true, style: { ...style, text: texts[1] } },
      { type: "rect", right, top: 2, silent: true, shape: { width, height: 8 },
        style: { fill: { type: "linear", x: 0, y: 0, x2: 1, y2: 0, colorStops: stops.map((color, i) => ({ offset: i / (stops.length - 1), color })) } } },
      { type: "text", right: right + width + 6, top: 0, silent: true, style: { ...style, text: texts[0] } },
    ];
  }

  bankmine.axes = {
    ink, SIGNS, TIMES, readTokens, widthOf, widest, fitted, rowsOf, base, tooltip, rowTooltip, valueAxis, categoryAxis, timeAxis, positionAxis, named,
    baselineMarks, placeMarks, mix, onto, colourKey,
  };
})();
