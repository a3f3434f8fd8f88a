/* Lines, bars, estimates, distributions, clouds, heat maps, small multiples and timelines. */
(function () {
  "use strict";
  const bankmine = window.bankmine, { value, missing } = bankmine.format, a = bankmine.axes, ink = a.ink;
  const pictures = (bankmine.pictures = {});

  /* The band between low and high, cut where either is missing. */
  function band(at, line, colour) {
    if (!line.low.length) return [];
    const rows = at.map((x, i) => [x, line.low[i], line.high[i]]);
    const renderItem = (params, api) => {
      if (params.dataIndexInside !== 0) return null;
      const parts = [];
      let part = [];
      for (const row of rows.concat([[null, null, null]])) {
        if (missing(row[1]) || missing(row[2])) { if (part.length) parts.push(part); part = []; } else part.push(row);
      }
      return { type: "group", children: parts.map((rows_) => ({
        type: "polygon", silent: true,
        shape: { points: rows_.map((r) => api.coord([r[0], r[2]])).concat(rows_.slice().reverse().map((r) => api.coord([r[0], r[1]]))) },
        style: { fill: colour, opacity: 0.14 },
      })) };
    };
    return [{ type: "custom", data: rows, encode: { x: 0, y: [1, 2] }, renderItem, silent: true, z: 1, tooltip: { show: false }, clip: true }];
  }
  bankmine.band = band;

  /* One line with its name at its end; categories count only lines that are not quiet. */
  function line(name, points, colour, quiet, labelWidth) {
    return {
      name, type: "line", data: points, showSymbol: points.length === 1, symbolSize: 5, z: quiet ? 2 : 3,
      lineStyle: { color: colour, width: quiet ? 1 : 2 }, itemStyle: { color: colour }, emphasis: { disabled: true },
      endLabel: {
        show: Boolean(name), color: ink.text, fontSize: 11, distance: 6, width: labelWidth, overflow: "truncate",
        formatter: `{dot|●} ${name}`, rich: { dot: { color: colour, fontSize: 9 } },
      },
      labelLayout: { moveOverlap: "shiftY" },
    };
  }
  bankmine.line = line;

  function colours(series) {
    let n = 0;
    return series.map((s) => (s.quiet ? ink.baseline : ink.categories[n++ % 8]));
  }
  bankmine.colours = colours;

  /* Shares that come near to all of them end at 100 %, not at the next round number above. */
  function whole(spec) {
    const most = Math.max(0, ...spec.series.flatMap((s) => [...s.values, ...s.high]).filter((v) => !missing(v)), ...spec.baselines.map((b) => b.value));
    return spec.y.kind === "share" && most > 0.8 && most <= 1 ? { max: 1, splitNumber: 5 } : {};
  }

  pictures.lines = (spec, width) => {
    const palette = colours(spec.series), single = spec.series.length === 1;
    const room = single ? 0 : Math.min(a.widest(spec.series.map((s) => "● " + s.name), 11) + 12, width * 0.3);
    const series = spec.series.flatMap((s, i) => [
      ...band(spec.at, s, palette[i]),
      line(single ? "" : s.name, spec.at.map((x, j) => [x, s.values[j]]), palette[i], s.quiet, room - 12),
    ]);
    const first = spec.series[0].values.find((v) => !missing(v)) ?? null;
    series.find((s) => s.type === "line").markLine = a.baselineMarks(spec.baselines, spec.y, "yAxis", first);
    series.push(unseen(spec.baselines.map((b) => [spec.at[0], b.value])));
    return a.base({
      grid: { left: 4, right: Math.max(room, 12), top: spec.marks.length ? 26 : 12, bottom: 4 },
      xAxis: a.positionAxis(spec.x, spec.at, width - room - 60),
      yAxis: a.valueAxis(spec.y, { scale: !spec.fromZero, ...whole(spec) }),
      tooltip: a.tooltip("axis", (items) => {
        const i = items[0].dataIndex;
        return [value(spec.at[i], spec.x), ...spec.series.map((s) =>
          `${s.name}  ${value(s.values[i], spec.y)}` + (s.low.length && !missing(s.low[i]) ? `  (${value(s.low[i], spec.y, false)}–${value(s.high[i], spec.y, false)})` : ""))].join("\n");
      }),
      series: series.concat(a.placeMarks(spec.marks)),
    });
  };

  /* Points that are not seen but that the axis must hold: the levels of the baselines. */
  const unseen = (points) => ({ type: "line", data: points, showSymbol: false, silent: true, lineStyle: { opacity: 0 }, tooltip: { show: false }, emphasis: { disabled: true } });

  const stacked = (spec, width) => spec.kind === "estimates" && width < 480;  // names above the dots, not beside them
  /* Bars or dots, whiskers and the figure at the end of each. */
  function horizontal(spec, width, draw) {
    const above = stacked(spec, width), bars = spec.bars.slice().reverse(), room = above ? 0 : Math.min(a.widest(bars.map((b) => a.SIGNS[b.tone] + b.label)), width * 0.42);
    const between = (b) => (missing(b.low) ? "" : `  (${value(b.low, spec.measure, false)}–${value(b.high, spec.measure, false)})`);
    const texts = bars.map((b) => value(b.value, spec.measure) + (above ? between(b) : ""));
    const reaches = (b) => [b.value, b.low, b.high].filter((v) => !missing(v));
    const marks = (params, api) => {
      const bar = bars[params.dataIndex], children = [];
      const heading = above ? [over(bar, texts[params.dataIndex], api.coord([0, params.dataIndex])[1] - 17)] : [];
      if (missing(bar.value)) return above ? heading[0] : { type: "text", style: { text: "–", x: api.coord([0, params.dataIndex])[0] + 6, y: api.coord([0, params.dataIndex])[1], verticalAlign: "middle", fill: ink.quiet } };
      const y = api.coord([0, params.dataIndex])[1], x = (v) => api.coord([v, params.dataIndex])[0];
      if (!missing(bar.low)) {
        const stroke = { stroke: draw === "bars" ? ink.text : ink[bar.tone], lineWidth: draw === "bars" ? 1 : 1.5, fill: null };
        for (const [x1, y1, x2, y2] of [[x(bar.low), y, x(bar.high), y], [x(bar.low), y - 3, x(bar.low), y + 3], [x(bar.high), y - 3, x(bar.high), y + 3]])
          children.push({ type: "line", shape: { x1, y1, x2, y2 }, style: stroke });
      }
      if (draw === "estimates") children.push({ type: "circle", shape: { cx: x(bar.value), cy: y, r: above ? 3 : 4.5 }, style: { fill: ink[bar.tone] } });
      if (above) return { type: "group", children: children.concat(heading) };
      const left = draw === "bars" && bar.value < 0, edge = left ? Math.min(...reaches(bar)) : Math.max(...reaches(bar));
      children.push({ type: "text", style: { text: texts[params.dataIndex], x: x(edge) + (left ? -8 : 8), y, align: left ? "right" : "left", verticalAlign: "middle", fill: ink.text, fontSize: 11, fontFamily: ink.face } });
      return { type: "group", children };
    };
    const over = (bar, text, y) => ({ type: "text", style: { text: `${a.fitted(a.SIGNS[bar.tone] + bar.label, width - a.widest(texts, 12) - 24)}  {figure|${text}}`, rich: { figure: { fill: ink.quiet, fontSize: 12, fontFamily: ink.face } }, x: 8, y, verticalAlign: "middle", fill: ink.text, fontSize: 12, fontFamily: ink.face } });
    const tail = above ? 12 : a.widest(texts, 11) + 14, negative = draw === "bars" && bars.some((b) => b.value < 0);
    const all = bars.flatMap(reaches).concat(spec.baselines.map((b) => b.value));
    const series = [{ type: "custom", data: bars.map((b, i) => [b.value ?? 0, i, b.low ?? b.value ?? 0, b.high ?? b.value ?? 0]), encode: { x: [0, 2, 3], y: 1 }, renderItem: marks, z: 4, clip: false,
      markLine: a.baselineMarks(spec.baselines, spec.measure, "xAxis") }];
    if (draw === "bars") series.unshift({ type: "bar", barWidth: "62%", barMaxWidth: 22, data: bars.map((b) => ({ value: b.value, itemStyle: { color: ink[b.tone] } })), emphasis: { disabled: true } });
    return a.base({
      grid: { left: (above ? 8 : room + 12) + (negative ? tail : 0), right: tail, top: spec.baselines.length ? 22 : 6, bottom: 20, outerBoundsMode: "none" },
      yAxis: a.categoryAxis(bars.map((b) => a.SIGNS[b.tone] + b.label), { axisLabel: { show: !above, color: ink.text, fontSize: 12, interval: 0, margin: negative ? tail + 8 : 8, formatter: (t) => a.fitted(t, room) }, axisLine: { show: draw === "bars", lineStyle: { color: ink.baseline } } }),
      xAxis: a.valueAxis(spec.measure, draw === "bars"
        ? { min: negative ? undefined : 0, splitNumber: width < 480 ? 2 : 4 }
        : { scale: true, splitLine: { showMinLine: false, showMaxLine: false, lineStyle: { color: ink.line, width: 1 } }, min: padded(all, -1), max: padded(all, 1), splitNumber: width < 480 ? 2 : 4, axisLabel: { color: ink.quiet, fontSize: 11, hideOverlap: true, showMinLabel: false, showMaxLabel: false, formatter: (v) => bankmine.format.tick(v, spec.measure) } }),
      tooltip: a.rowTooltip((items) => {
        const bar = bars[items[0].dataIndex];
        return [bar.label, value(bar.value, spec.measure) + between(bar)].join("\n");
      }),
      series,
    });
  }
  function padded(all, side) {
    const low = Math.min(...all), high = Math.max(...all), pad = (high - low || Math.abs(high) || 1) * 0.06;
    return side < 0 ? low - pad : high + pad;
  }
  const rowsHigh = (spec, width) => spec.bars.length * (stacked(spec, width) ? 50 : 28) + (spec.baselines.length ? 46 : 30);
  pictures.bars = (spec, width) => horizontal(spec, width, "bars");
  pictures.estimates = (spec, width) => horizontal(spec, width, "estimates");
  pictures.bars.height = pictures.estimates.height = rowsHigh;

  pictures.histogram = (spec, width) => {
    const times = a.TIMES.includes(spec.x.kind), ends = { min: spec.edges[0], max: spec.edges[spec.edges.length - 1] };
    const rows = spec.counts.map((n, i) => [spec.edges[i], spec.edges[i + 1], n]);
    return a.base({
      grid: { left: 4, right: 16, top: spec.marks.length ? 46 : 28, bottom: times ? 36 : 22 },
      xAxis: times ? a.timeAxis(spec.x.kind, spec.edges, width - 60, { ...a.named(spec.x, "x"), ...ends }) : a.valueAxis(spec.x, { ...a.named(spec.x, "x"), ...ends, splitLine: { show: false }, axisLine: { show: true, lineStyle: { color: ink.baseline } }, splitNumber: 6 }),
      yAxis: a.valueAxis(spec.y, { min: 0, ...a.named(spec.y, "y", spec.marks.length > 0) }),
      tooltip: a.tooltip("item", (item) => { const [low, high, n] = rows[item.dataIndex]; const first = spec.x.kind === "money"; return `${value(low, spec.x, first)} – ${value(high, spec.x, !first)}\n${spec.y.label}  ${value(n, spec.y)}`; }),
      series: [{
        type: "custom", data: rows, encode: { x: [0, 1], y: 2 }, clip: true,
        renderItem: (params, api) => {
          const [low, high, n] = rows[params.dataIndex], from = api.coord([low, n]), to = api.coord([high, 0]);
          return { type: "rect", shape: { x: from[0] + 0.5, y: from[1], width: Math.max(1, to[0] - from[0] - 1), height: to[1] - from[1] }, style: { fill: ink.neutral } };
        },
      }].concat(a.placeMarks(spec.marks)),
    });
  };

  /* Discs whose areas are the sizes, each named beside it where there is room: right, left, above, below. */
  function discs(g, i, width) {
    const most = Math.max(...g.sizes, 1), widest = width < 600 ? 18 : 28, ink_ = ink.categories[i % 8];
    const radius = (n) => Math.max(4, widest * Math.sqrt(n / most)), data = g.x.map((x, j) => [x, g.y[j], g.sizes[j]]);
    const apart = (a_, b) => a_.x + a_.width < b.x || b.x + b.width < a_.x || a_.y + a_.height < b.y || b.y + b.height < a_.y;
    function names(api) {
      const at = data.map((one) => api.coord([one[0], one[1]])), frame = { right: api.getWidth() - 4 };
      const taken = at.map(([x, y], j) => { const r = radius(data[j][2]); return { x: x - r, y: y - r, width: 2 * r, height: 2 * r }; });
      return data.map((one, j) => {
        const [x, y] = at[j], r = radius(one[2]) + 4, text = g.labels[j] || "";
        const wide = [...text].reduce((sum, c) => sum + (c.charCodeAt(0) > 255 ? 12 : 6.4), 0);
        const middle = Math.min(Math.max(x - wide / 2, 40), frame.right - wide - 1);
        const places = [[x + r, y - 8], [x - r - wide, y - 8], [middle, y - r - 14], [middle, y + r - 2]];
        const boxes = places.map(([px, py]) => ({ x: px, y: py, width: wide, height: 16 })).filter((box) => box.x > 30 && box.x + box.width < frame.right);
        const free = (from) => boxes.find((box) => taken.every((other, k) => k < from || k === j || apart(box, other)));
        const place = free(0) || free(at.length);  /* over a disc rather than without its name */
        if (!place) return null;
        taken.push(place);
        return { type: "text", silent: true, style: { text, x: place.x, y: place.y + 2, fill: ink.text, fontSize: 12, fontFamily: getComputedStyle(document.body).fontFamily, stroke: ink.panel, lineWidth: 3 } };
      }).filter((one) => one);
    }
    const named = width < 600 ? [] : [{
      type: "custom", data: [data[0]], encode: { x: 0, y: 1 }, silent: true, tooltip: { show: false }, clip: false, z: 4,
      renderItem: (params, api) => ({ type: "group", silent: true, children: names(api) }),
    }];
    return [{
      name: g.name, type: "scatter", data, clip: false, symbolSize: (one) => 2 * radius(one[2]),
      itemStyle: { color: ink_, opacity: 0.55, borderColor: ink.panel }, emphasis: { disabled: true },
    }].concat(named);
  }

  pictures.scatter = (spec, width) => {
    const n = spec.groups.length, key = n > 3;
    const mean = (values) => { const known = values.filter((v) => !missing(v)); return known.reduce((sum, v) => sum + v, 0) / (known.length || 1); };
    const type = spec.logarithmic ? { type: "log" } : { scale: true };
    const points = spec.groups.reduce((n, g) => n + g.x.length, 0);
    return a.base({
      grid: { left: 4, right: 20, top: 30, bottom: 22 },
      legend: key ? { right: 0, top: 0, itemWidth: 8, itemHeight: 8, icon: "circle", textStyle: { color: ink.text, fontSize: 11 } } : undefined,
      xAxis: a.valueAxis(spec.x, { ...type, ...a.named(spec.x, "x") }),
      yAxis: a.valueAxis(spec.y, { ...type, ...a.named(spec.y, "y") }),
      tooltip: a.tooltip("item", (item) => {
        const group = spec.groups[item.seriesIndex], i = item.dataIndex;
        return [group.labels[i] || group.name, `${spec.x.label}  ${value(group.x[i], spec.x)}`, `${spec.y.label}  ${value(group.y[i], spec.y)}`].concat(group.sizes.length ? [`${spec.size.label}  ${value(group.sizes[i], spec.size)}`] : []).join("\n");
      }),
      series: spec.groups.flatMap((g, i) => g.sizes.length ? discs(g, i, width) : ({
        name: g.name, type: "scatter", symbolSize: points > 400 ? 4 : 7, data: g.x.map((x, j) => [x, g.y[j]]),
        symbol: ["circle", "diamond", "triangle", "rect"][i % 4], itemStyle: { color: ink.categories[i % 8], opacity: points > 400 ? 0.5 : 0.8 }, emphasis: { disabled: true },
        markPoint: key || n === 1 ? undefined : { silent: true, symbolSize: 0.1, data: [{ coord: [mean(g.x), mean(g.y)] }], label: { show: true, formatter: g.name, color: ink.text, fontSize: 12, fontWeight: 600, textBorderColor: ink.panel, textBorderWidth: 4 } },
      })),
    });
  };

  pictures.scatter.height = (spec, width) => (width >= 600 && spec.groups.some((g) => g.sizes.length) ? 420 : 0);

  pictures.hexagons = (spec) => {
    const most = Math.max(...spec.cells.map((c) => c[2])), shade = (n) => a.mix(ink.low, ink.high, Math.sqrt(n / most));
    const corners = [[0, 1], [1, 0.5], [1, -0.5], [0, -1], [-1, -0.5], [-1, 0.5]];
    return a.base({
      grid: { left: 4, right: 20, top: 30, bottom: 22 },
      graphic: a.colourKey([ink.low, ink.high], ["1", `${bankmine.format.number(most)} ${bankmine.texts.subjects}`]),
      xAxis: a.valueAxis(spec.x, { scale: true, ...a.named(spec.x, "x") }),
      yAxis: a.valueAxis(spec.y, { scale: true, ...a.named(spec.y, "y") }),
      tooltip: a.tooltip("item", (item) => { const [x, y, n] = spec.cells[item.dataIndex]; return `${spec.x.label}  ${value(x, spec.x)}\n${spec.y.label}  ${value(y, spec.y)}\n${bankmine.texts.count}  ${bankmine.format.number(n)}`; }),
      series: [{
        type: "custom", data: spec.cells, encode: { x: 0, y: 1 }, clip: true,
        renderItem: (params, api) => {
          const [x, y, n] = spec.cells[params.dataIndex];
          return { type: "polygon", shape: { points: corners.map(([u, v]) => api.coord([x + u * spec.halfWidth, y + v * spec.halfHeight])) }, style: { fill: shade(n), stroke: ink.panel, lineWidth: 0.5 } };
        },
      }],
    });
  };

  /* Column names flat in up to three rows where the cells are wide enough, else slanted. */
  function columnHeads(spec, room, cellWidth) {
    if (a.widest(spec.columns, 11) <= cellWidth - 4) return { texts: spec.columns, rotate: 0, interval: "auto", high: 22 };
    if (cellWidth >= 64) {
      const rows = spec.columns.map((name) => a.rowsOf(name, cellWidth - 8, 3, 11));
      return { texts: rows.map((row) => row.join("\n")), rotate: 0, interval: 0, high: Math.max(...rows.map((row) => row.length)) * 14 + 10 };
    }
    const texts = spec.columns.map((name, i) => a.fitted(name, Math.min(176, (room + 12 + cellWidth * (i + 0.5)) / 0.77), 11));
    return { texts, rotate: 40, interval: 0, high: a.widest(texts, 11) * 0.65 + 22 };
  }

  pictures.heatmap = (spec, width) => {
    const rows = spec.rows.slice().reverse(), values = spec.values.slice().reverse();
    const cells = values.flatMap((row, y) => row.map((v, x) => [x, y, v]));
    const known = cells.map((c) => c[2]).filter((v) => !missing(v)), top = Math.max(...known), low = Math.min(...known), far = Math.max(Math.abs(top), Math.abs(low)) || 1;
    const middle = ink.panel;
    const shade = (v) => spec.diverging ? a.mix(middle, v < 0 ? ink.below : ink.high, Math.abs(v) / far) : a.mix(ink.low, ink.high, (v - low) / (top - low || 1));
    const room = Math.min(a.widest(rows), width * 0.35), cellWidth = (width - room - 24) / spec.columns.length;
    const show = cellWidth > a.widest(known.map((v) => value(v, spec.measure, false)), 11) + 6;
    const key = spec.diverging ? a.colourKey([ink.below, middle, ink.high], [value(-far, spec.measure), value(far, spec.measure)]) : a.colourKey([ink.low, ink.high], [value(low, spec.measure), value(top, spec.measure)]);
    const heads = columnHeads(spec, room, cellWidth);
    return a.base({
      grid: { left: room + 12, right: 8, top: 22, bottom: heads.high, outerBoundsMode: "none" },
      graphic: key,
      xAxis: a.categoryAxis(spec.columns, { axisLine: { show: false }, axisLabel: { color: ink.text, fontSize: 11, lineHeight: 14, interval: heads.interval, rotate: heads.rotate, formatter: (t, i) => heads.texts[i] } }),
      yAxis: a.categoryAxis(rows, { axisLine: { show: false }, axisLabel: { color: ink.text, fontSize: 12, interval: 0, formatter: (t) => a.fitted(t, room) } }),
      tooltip: a.tooltip("item", (item) => { const [x, y, v] = cells[item.dataIndex]; return `${rows[y]} · ${spec.columns[x]}\n${value(v, spec.measure)}`; }),
      series: [{
        type: "custom", data: cells.map((c) => [c[0], c[1]]), encode: { x: 0, y: 1 },
        renderItem: (params, api) => {
          const [x, y, v] = cells[params.dataIndex], centre = api.coord([x, y]), size = api.size([1, 1]);
          const fill = missing(v) ? ink.panel : shade(v);
          const text = missing(v) ? "–" : show ? value(v, spec.measure, false) : "";
          return { type: "group", children: [
            { type: "rect", shape: { x: centre[0] - size[0] / 2 + 0.5, y: centre[1] - size[1] / 2 + 0.5, width: size[0] - 1, height: size[1] - 1 }, style: { fill } },
            { type: "text", style: { text, x: centre[0], y: centre[1], align: "center", verticalAlign: "middle", fontSize: 11, fontFamily: ink.face, fill: missing(v) ? ink.quiet : a.onto(fill) } },
          ] };
        },
      }],
    });
  };
  pictures.heatmap.height = (spec) => spec.rows.length * 28 + 150;

  const across = (width) => Math.max(1, Math.min(4, Math.floor(width / 190)));
  pictures.multiples = (spec, width) => {
    const n = across(width), gap = 18, left = 44, cell = (width - left - gap * (n - 1) - 8) / n, tall = 66, step = 104;
    const flat = spec.series.flatMap((s) => s.values).filter((v) => !missing(v)), [low, top] = niceRange(Math.min(...flat), Math.max(...flat));
    const place = (i) => ({ left: left + (i % n) * (cell + gap), top: 22 + Math.floor(i / n) * step, width: cell, height: tall, outerBoundsMode: "none" });
    const last = (i) => i + n >= spec.series.length;
    return a.base({
      grid: spec.series.map((s, i) => place(i)),
      graphic: spec.series.map((s, i) => ({ type: "text", left: place(i).left, top: place(i).top - 20, silent: true, style: { text: a.fitted(s.name, cell), fontSize: 12, fontFamily: ink.face, fill: ink.text } })),
      xAxis: spec.series.map((s, i) => ({ ...a.positionAxis(spec.x, spec.at, cell), gridIndex: i, axisTick: { show: false }, splitNumber: 2, ...(last(i) ? {} : { axisLabel: { show: false } }) })),
      yAxis: spec.series.map((s, i) => a.valueAxis(spec.y, { gridIndex: i, min: low, max: top, interval: (top - low) / 2 || 1, ...(i % n ? { axisLabel: { show: false } } : { axisLabel: { color: ink.quiet, fontSize: 10, formatter: (v) => bankmine.format.tick(v, spec.y) } }) })),
      tooltip: a.tooltip("axis", (items) => items.map((item) => `${spec.series[item.seriesIndex].name}\n${value(spec.at[item.dataIndex], spec.x)}  ${value(spec.series[item.seriesIndex].values[item.dataIndex], spec.y)}`).join("\n")),
      series: spec.series.map((s, i) => ({ ...line("", spec.at.map((x, j) => [x, s.values[j]]), ink.neutral, false, 0), xAxisIndex: i, yAxisIndex: i, lineStyle: { color: ink.neutral, width: 1.5 } })),
    });
  };
  pictures.multiples.height = (spec, width) => Math.ceil(spec.series.length / across(width)) * 104 + 22;

  /* Round numbers around a range, in two steps; from zero where the range comes near it. */
  function niceRange(low, top) {
    if (low >= 0 && low < top * 0.4) low = 0;
    const span = top - low || Math.abs(top) || 1, power = 10 ** Math.floor(Math.log10(span / 2));
    const floor = (step) => Math.floor(low / step + 1e-9) * step;
    const step = [1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10, 12, 20].map((m) => m * power).find((s) => s >= span / 2 && floor(s) + 2 * s >= top - 1e-9);
    return [floor(step), floor(step) + 2 * step];
  }

  pictures.timeline = (spec, width) => {
    const lanes = spec.lanes.slice().reverse(), lane = (m) => spec.lanes.length - 1 - m.lane, room = Math.min(a.widest(lanes), width * 0.3);
    const ends = spec.moments.flatMap((m) => [m.at, m.until]).concat(spec.marks.map((m) => m.at)).filter((v) => !missing(v)), span = Math.max(...ends) - Math.min(...ends) || 864e5;
    return a.base({
      grid: { left: room + 12, right: 12, top: spec.marks.length ? 26 : 8, bottom: 38, outerBoundsMode: "none" },
      xAxis: a.timeAxis(spec.x.kind, ends, width - room, { min: Math.min(...ends) - span * 0.02, max: Math.max(...ends) + span * 0.12 }),
      yAxis: a.categoryAxis(lanes, { axisLine: { show: false }, splitLine: { show: true, interval: 0, lineStyle: { color: ink.line } }, axisLabel: { color: ink.text, fontSize: 12, interval: 0, formatter: (t) => a.fitted(t, room) } }),
      tooltip: a.tooltip("item", (item) => { const m = spec.moments[item.dataIndex]; return m ? `${value(m.at, spec.x)}${missing(m.until) ? "" : " – " + value(m.until, spec.x)}\n${m.text}` : ""; }),
      series: [{
        type: "custom", data: spec.moments.map((m) => [m.at, lane(m), m.until ?? m.at]), encode: { x: [0, 2], y: 1 }, clip: false,
        renderItem: (params, api) => {
          const m = spec.moments[params.dataIndex], from = api.coord([m.at, lane(m)]), to = missing(m.until) ? from : api.coord([m.until, lane(m)]), colour = ink[m.tone];
          const mark = missing(m.until) ? { type: "circle", shape: { cx: from[0], cy: from[1], r: 4 }, style: { fill: colour } }
            : { type: "rect", shape: { x: from[0], y: from[1] - 5, width: Math.max(2, to[0] - from[0]), height: 10, r: 2 }, style: { fill: colour, opacity: 0.75 } };
          const later = spec.moments.filter((o) => o.lane === m.lane && o.at > m.at).map((o) => api.coord([o.at, lane(o)])[0]);
          const space = Math.min(width - 8, ...later) - to[0] - 14;
          const text = space > 24 ? a.fitted(a.SIGNS[m.tone] + m.text, space, 11) : "";
          return { type: "group", children: [mark, { type: "text", style: { text, x: to[0] + 8, y: from[1], verticalAlign: "middle", fontSize: 11, fontFamily: ink.face, fill: ink.text } }] };
        },
      }].concat(a.placeMarks(spec.marks)),
    });
  };
  pictures.timeline.height = (spec) => spec.lanes.length * 34 + 70;

  /* Rings around the first node; edges carry their words, nodes their names outside of the ring. */
  pictures.network = (spec, width) => {
    const hidden = { type: "value", min: -1, max: 1, show: false }, side = Math.min(130, width * 0.2), few = spec.edges.length < 40 && width >= 560;
    const text = (at, words, more) => ({ type: "text", z2: 3, style: { text: words, x: at[0], y: at[1], fontSize: 11, fontFamily: ink.face, fill: ink.text, stroke: ink.panel, lineWidth: 3, align: "center", verticalAlign: "middle", ...more } });
    const edge = (params, api) => {
      const one = spec.edges[params.dataIndex], from = api.coord(spec.nodes[one.ends[0]].at), to = api.coord(spec.nodes[one.ends[1]].at);
      const middle = [from[0] * 0.4 + to[0] * 0.6, from[1] * 0.4 + to[1] * 0.6];
      const line = { type: "line", shape: { x1: from[0], y1: from[1], x2: to[0], y2: to[1] }, style: { stroke: ink.baseline, lineWidth: 1.5 } };
      return { type: "group", children: few ? [line, text(middle, a.fitted(one.text, 120, 11), { fill: ink.quiet || ink.text })] : [line] };
    };
    const node = (params, api) => {
      const one = spec.nodes[params.dataIndex], at = api.coord(one.at), first = params.dataIndex === 0, bad = one.tone === "bad";
      const fill = first ? ink.categories[0] : bad ? ink.bad : ink.panel, stroke = bad ? ink.bad : ink.categories[0];
      const mark = bad ? { type: "rect", z2: 4, shape: { x: at[0] - 7, y: at[1] - 7, width: 14, height: 14 }, style: { fill, stroke, lineWidth: 2 } }
        : { type: "circle", z2: 4, shape: { cx: at[0], cy: at[1], r: first ? 9 : 7 }, style: { fill, stroke, lineWidth: 2 } };
      return { type: "group", children: [mark, text([at[0], at[1] + (one.at[1] > 0.15 ? -18 : 18)], a.fitted(one.name, side, 11), { fontWeight: first ? 600 : 400 })] };
    };
    return a.base({
      grid: { left: side / 2 + 8, right: side / 2 + 8, top: 34, bottom: 34 }, xAxis: hidden, yAxis: { ...hidden },
      tooltip: a.tooltip("item", (item) => item.seriesIndex ? spec.nodes[item.dataIndex].name : (({ ends, text: words }) => `${spec.nodes[ends[0]].name} – ${spec.nodes[ends[1]].name}\n${words}`)(spec.edges[item.dataIndex])),
      series: [
        { type: "custom", data: spec.edges.map((one) => spec.nodes[one.ends[0]].at), encode: { x: 0, y: 1 }, renderItem: edge, clip: false },
        { type: "custom", data: spec.nodes.map((one) => one.at), encode: { x: 0, y: 1 }, renderItem: node, clip: false, z: 3 },
      ],
    });
  };
  pictures.network.height = (spec) => Math.min(640, 200 + spec.rings * 90 + spec.nodes.length * 6);
})();
