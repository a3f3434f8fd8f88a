/* Figures on axes, at marks and in tooltips: the same forms as format.py. */
(function () {
  "use strict";
  const bankmine = (window.bankmine = window.bankmine || {});
  const zh = document.documentElement.lang.startsWith("zh");
  const MISSING = "–", MINUS = "−";
  const SCALES = zh ? [[1e8, " 亿"], [1e4, " 万"]] : [[1e9, " bn"], [1e6, " m"], [1e3, " k"]];
  const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

  const missing = (value) => value === null || value === undefined || Number.isNaN(value);

  function significantDigits(size, figures) {
    const rounded = Number(size.toPrecision(figures));
    return rounded === 0 ? 0 : Math.max(0, Math.min(6, figures - 1 - Math.floor(Math.log10(rounded))));
  }

  function number(value, digits) {
    if (missing(value)) return MISSING;
    const size = Math.abs(value);
    const places = digits ?? (Number.isInteger(value) ? 0 : significantDigits(size, 3));
    const [whole, part] = size.toFixed(places).split(".");
    const text = whole.replace(/\B(?=(\d{3})+$)/g, ",") + (part ? "." + part : "");
    return value < 0 && /[1-9]/.test(text) ? MINUS + text : text;
  }

  function shortened(value) {
    const size = Math.abs(value), sign = value < 0 ? MINUS : "";
    if (size < 10000) return number(value, size >= 100 || Number.isInteger(size) ? 0 : 2);
    for (const [factor, suffix] of SCALES) {
      const scaled = size / factor;
      if (scaled >= 0.9995) return sign + number(scaled, scaled < 999.5 ? significantDigits(scaled, 3) : 0) + suffix;
    }
    return number(value, 0);
  }

  function share(value, digits) {
    const percent = Math.abs(value) * 100;
    const places = digits ?? (percent === 0 || percent === 100 ? 0 : percent >= 1 ? 1 : Math.min(3, significantDigits(percent, 2)));
    const text = percent.toFixed(places);
    if (percent > 0 && !/[1-9]/.test(text)) return `${value < 0 ? MINUS : ""}<${(10 ** -places).toFixed(places)}%`;
    return (value < 0 && /[1-9]/.test(text) ? MINUS : "") + text + "%";
  }

  function time(value, kind) {
    const at = new Date(value), iso = at.toISOString();
    if (kind === "month") return zh ? `${at.getUTCFullYear()}年${at.getUTCMonth() + 1}月` : `${MONTHS[at.getUTCMonth()]} ${at.getUTCFullYear()}`;
    return kind === "instant" && value % 864e5 ? iso.slice(0, 16).replace("T", " ") : iso.slice(0, 10);
  }

  function duration(seconds) {
    const size = Math.abs(seconds), sign = seconds < 0 ? MINUS : "";
    if (size === 0) return "0";
    if (size < 1) return sign + Math.round(size * 1000) + (zh ? " 毫秒" : " ms");
    if (size < 60) return sign + number(size, size < 10 ? 1 : 0) + (zh ? " 秒" : " s");
    if (size < 3600) return sign + Math.round(size / 60) + (zh ? " 分" : " min");
    if (size < 86400) return sign + Math.round(size / 3600) + (zh ? " 小时" : " h");
    return sign + number(Math.round(size / 86400)) + (zh ? " 天" : " d");
  }

  /* The unit after a figure: 1 day, 1 event in 30 days, but 1.0 days and 1 ms. */
  function unitFor(text, unit) {
    if (text !== "1") return unit;
    const [, head, rest] = unit.match(/^(.*?)((?: (?:per|in|of|a|an) |\/|$).*)$/s);
    if (head.length < 4 || !head.endsWith("s") || head.endsWith("ss")) return unit;
    return (head.endsWith("ies") ? head.slice(0, -3) + "y" : head.slice(0, -1)) + rest;
  }

  /* A value as its axis says; `unit` adds the currency or unit. */
  function value(v, axis, unit = true) {
    if (missing(v)) return MISSING;
    if (typeof v === "string") return v;
    switch (axis.kind) {
      case "money": if (zh && unit && axis.unit === "CNY") return shortened(v) + (Math.abs(v) < 10000 ? " 元" : "元");
        return (unit && axis.unit ? axis.unit + " " : "") + shortened(v);
      case "share": return share(v, axis.digits);
      case "duration": return duration(v);
      case "date": case "month": case "instant": return time(v, axis.kind);
      default: return number(v, axis.digits) + (unit && axis.unit ? " " + unitFor(number(v, axis.digits), axis.unit) : "");
    }
  }

  /* A tick on an axis: as short as it can be, the unit stands in the subtitle. */
  function tick(v, axis) {
    const text = axis.kind === "share" ? share(v) : axis.kind === "number" && Math.abs(v) < 10000 ? number(v) : axis.kind === "number" ? shortened(v) : value(v, axis, false);
    return text.replace(/(\.\d*?)0+(?=\D|$)/, "$1").replace(/\.(?=\D|$)/, "");
  }

  bankmine.format = { value, tick, number, missing };
})();
