/* Draws every picture of the page, again when its width or the theme changes, and saves it as PNG. */
(function () {
  "use strict";
  const bankmine = window.bankmine, a = bankmine.axes, ink = a.ink;
  bankmine.texts = JSON.parse(document.getElementById("texts").textContent);

  function draw(figure, paper) {
    const place = figure.querySelector(".picture"), spec = figure.bankmineSpec, picture = bankmine.pictures[spec.kind];
    place.style.width = paper ? paper + "px" : "";
    const width = place.clientWidth;
    if (!width) return;
    const high = picture.height ? picture.height(spec, width) : 0;
    if (high) place.style.minHeight = high + "px";
    place.style.flex = paper ? "none" : "";
    place.style.height = paper ? getComputedStyle(place).minHeight : "";
    const chart = echarts.getInstanceByDom(place) || echarts.init(place, null, { renderer: "canvas" });
    chart.resize();
    chart.setOption(picture(spec, width), { notMerge: true });
    figure.bankmineSize = [width, place.clientHeight];
    place.dataset.drawn = spec.kind;
  }

  let figures = [];
  /* Draws every picture at the width of its place, or at a width in pixels for paper. */
  function drawAll(paper) {
    a.readTokens();
    figures.forEach((figure) => draw(figure, paper));
  }
  bankmine.drawAll = drawAll;

  const sizes = new ResizeObserver((entries) => entries.forEach(({ target }) => {
    const figure = target.closest("figure"), [width, height] = figure.bankmineSize || [0, 0];
    if (Math.abs(target.clientWidth - width) > 1 || Math.abs(target.clientHeight - height) > 1) draw(figure);
  }));

  /* The picture with its title, subtitle and the page's bank and date: it must be readable alone. */
  function png(figure) {
    const scale = 2, chart = echarts.getInstanceByDom(figure.querySelector(".picture"));
    const picture = chart.getRenderedCanvas({ pixelRatio: scale, backgroundColor: ink.panel });
    const margin = 16, width = picture.width / scale + 2 * margin;
    const canvas = document.createElement("canvas"), pen = canvas.getContext("2d");
    pen.font = `600 15px ${ink.face}`;
    const title = wrapped(pen, figure.querySelector("h3").textContent, width - 2 * margin);
    const head = margin + title.length * 20 + 22;
    canvas.width = width * scale;
    canvas.height = (head + picture.height / scale + 32) * scale;
    pen.scale(scale, scale);
    pen.fillStyle = ink.panel;
    pen.fillRect(0, 0, width, canvas.height);
    pen.textBaseline = "top";
    pen.fillStyle = ink.text;
    pen.font = `600 15px ${ink.face}`;
    title.forEach((text, i) => pen.fillText(text, margin, margin + i * 20));
    pen.fillStyle = ink.quiet;
    pen.font = `12px ${ink.face}`;
    pen.fillText(figure.querySelector(".subtitle").textContent, margin, margin + title.length * 20);
    pen.drawImage(picture, margin, head, picture.width / scale, picture.height / scale);
    pen.font = `11px ${ink.face}`;
    pen.fillText(`${document.querySelector(".bank").textContent} · ${document.querySelector(".as-of").textContent.trim().replace(/\s+/g, " ")}`, margin, canvas.height / scale - 22);
    return canvas.toDataURL("image/png");
  }

  function wrapped(pen, text, width) {
    const rows = [""];
    for (const word of text.match(/[\u3000-\u9fff]|[^\s\u3000-\u9fff]+\s*/g) || []) {
      if (rows[rows.length - 1] && pen.measureText(rows[rows.length - 1] + word).width > width) rows.push("");
      rows[rows.length - 1] += word;
    }
    return rows;
  }

  function save(figure) {
    const link = document.createElement("a");
    link.href = png(figure);
    link.download = figure.dataset.name + ".png";
    link.click();
  }

  /* Draws the pictures that have come to the page since the last time; those that are gone are forgotten. */
  function adopt() {
    figures = [...document.querySelectorAll("figure.chart")].filter((figure) => figure.querySelector(".picture"));
    const fresh = figures.filter((figure) => !figure.bankmineSpec);
    fresh.forEach((figure) => {
      figure.bankmineSpec = JSON.parse(figure.querySelector("script.spec").textContent);
      figure.querySelector(".png").addEventListener("click", () => save(figure));
    });
    if (fresh.length) a.readTokens();
    fresh.forEach((figure) => draw(figure));
    fresh.forEach((figure) => sizes.observe(figure.querySelector(".picture")));
  }
  adopt();
  document.addEventListener("htmx:afterSettle", adopt);
})();
