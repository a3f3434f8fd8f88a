/* Pictures of a model: gain curve, calibration with counts, receiver operating characteristic. */
(function () {
  "use strict";
  const bankmine = window.bankmine, { value, missing } = bankmine.format, a = bankmine.axes, ink = a.ink;
  const pictures = bankmine.pictures;
  const whole = { min: 0, max: 1, splitNumber: 5 };

  function diagonal(name) {
    return {
      type: "line", data: [[0, 0], [1, 1]], symbol: "none", silent: true, z: 2, tooltip: { show: false },
      lineStyle: { color: ink.baseline, width: 1 }, emphasis: { disabled: true },
      markPoint: { silent: true, symbol: "circle", symbolSize: 0.1, data: [{ coord: [0.72, 0.72], label: { show: true, formatter: name, position: "bottom", align: "left", offset: [6, 2], color: ink.quiet, fontSize: 11 } }], itemStyle: { color: ink.baseline } },
    };
  }

  /* The point of the curve nearest to a height. */
  function pointAt(curve, height) {
    let best = 0;
    curve.y.forEach((y, i) => { if (Math.abs(y - height) < Math.abs(curve.y[best] - height)) best = i; });
    return [curve.x[best], curve.y[best]];
  }

  const area = (curve) => curve.x.reduce((sum, x, i) => (i ? sum + (x - curve.x[i - 1]) * (curve.y[i] + curve.y[i - 1]) / 2 : 0), 0);

  /* Names stand at their curves, at different heights: the best to the left of all, the others to the right. */
  function namesOf(list) {
    const order = list.map((c, i) => i).sort((i, j) => area(list[j]) - area(list[i])), heights = [0.86, 0.74, 0.62, 0.5, 0.4, 0.3, 0.2];
    return list.map((curve, i) => {
      const rank = order.indexOf(i), left = rank === 0 && list.length > 1;
      const coord = pointAt(curve, left ? 0.72 : heights[(rank + (list.length < 2 ? 0 : -1)) % 7]);
      const steep = left && coord[0] < 0.2, beside = left && !steep; // no room between the axis and a steep curve
      return { coord, label: { show: true, formatter: curve.name, position: beside ? "left" : "right", distance: 7, offset: beside ? [0, -4] : [0, steep ? 14 : 5], color: ink.text, fontSize: 11, textBorderColor: ink.panel, textBorderWidth: 3 } };
    });
  }

  function curves(spec, width) {
    const palette = bankmine.colours(spec.curves), names = namesOf(spec.curves);
    const drawn = spec.curves.map((c, i) => ({
      ...bankmine.line("", c.x.map((x, j) => [x, c.y[j]]), palette[i], c.quiet, 0),
      name: c.name,
      markPoint: { silent: true, symbol: "circle", symbolSize: 5, itemStyle: { color: palette[i] },
        data: [names[i]] },
    }));
    return a.base({
      grid: { left: 4, right: 20, top: spec.marks.length ? 46 : 28, bottom: 22 },
      xAxis: a.valueAxis(spec.x, { ...whole, ...a.named(spec.x, "x") }),
      yAxis: a.valueAxis(spec.y, { ...whole, ...a.named(spec.y, "y", spec.marks.length > 0) }),
      tooltip: a.tooltip("axis", (items) => [`${value(items[0].axisValue, spec.x)} ${spec.x.label}`, ...items.filter((i) => i.seriesName).map((i) => `${i.seriesName}  ${value(i.data[1], spec.y)}`)].join("\n")),
      series: [diagonal(bankmine.texts.chance), ...drawn, ...a.placeMarks(spec.marks)],
    });
  }
  pictures.gain = curves;
  pictures.roc = curves;

  /* Observed against predicted, whiskers for the interval, and below, the counts as bars on their own scale. */
  pictures.calibration = (spec) => {
    const known = [...spec.predicted, ...spec.observed, ...spec.high].filter((v) => !missing(v));
    const reach = Math.min(1, niceCeiling(Math.max(...known, 0.01)));
    const points = spec.predicted.map((x, i) => [x, spec.observed[i]]);
    const whiskers = spec.low.length ? [{
      type: "custom", data: spec.predicted.map((x, i) => [x, spec.low[i], spec.high[i]]), encode: { x: 0, y: [1, 2] }, silent: true, z: 3, tooltip: { show: false },
      renderItem: (params, api) => {
        const i = params.dataIndex;
        if (missing(spec.low[i])) return null;
        const low = api.coord([spec.predicted[i], spec.low[i]]), high = api.coord([spec.predicted[i], spec.high[i]]);
        return { type: "line", shape: { x1: low[0], y1: low[1], x2: high[0], y2: high[1] }, style: { stroke: ink.neutral, lineWidth: 1.25 } };
      },
    }] : [];
    const most = Math.max(...spec.counts);
    return a.base({
      grid: [{ left: 48, right: 20, top: 28, bottom: 98, outerBoundsMode: "none" }, { left: 48, right: 20, height: 34, bottom: 42, outerBoundsMode: "none" }],
      xAxis: [
        a.valueAxis(spec.x, { min: 0, max: reach, interval: reach / 5, containShape: false, axisLabel: { show: false } }),
        a.valueAxis(spec.x, { min: 0, max: reach, interval: reach / 5, containShape: false, gridIndex: 1, ...a.named(spec.x, "x"), splitLine: { show: false }, axisLine: { show: true, lineStyle: { color: ink.baseline } } }),
      ],
      yAxis: [
        a.valueAxis(spec.y, { min: 0, max: reach, interval: reach / 5, ...a.named(spec.y, "y") }),
        a.valueAxis({ kind: "number" }, { gridIndex: 1, min: 0, max: most, interval: most, name: bankmine.texts.count, nameLocation: "middle", nameGap: 34, nameTextStyle: { color: ink.quiet, fontSize: 10 }, splitLine: { show: false }, axisLabel: { color: ink.quiet, fontSize: 10, showMinLabel: false, formatter: (v) => bankmine.format.tick(v, { kind: "number" }) } }),
      ],
      tooltip: a.tooltip("item", (item) => {
        const i = item.dataIndex;
        return [`${spec.x.label}  ${value(spec.predicted[i], spec.x)}`, `${spec.y.label}  ${value(spec.observed[i], spec.y)}` + (spec.low.length && !missing(spec.low[i]) ? `  (${value(spec.low[i], spec.y)}–${value(spec.high[i], spec.y)})` : ""), `${bankmine.texts.count}  ${bankmine.format.number(spec.counts[i])}`].join("\n");
      }),
      series: [
        { ...diagonal(bankmine.texts.perfect), data: [[0, 0], [reach, reach]], markPoint: { ...diagonal(bankmine.texts.perfect).markPoint, data: [{ ...diagonal(bankmine.texts.perfect).markPoint.data[0], coord: [reach * 0.66, reach * 0.66] }] } },
        ...whiskers,
        { ...bankmine.line("", points, ink.neutral, false, 0), lineStyle: { color: ink.neutral, width: 1.25 }, showSymbol: true, symbol: "circle", symbolSize: 7, z: 4 },
        { type: "bar", xAxisIndex: 1, yAxisIndex: 1, barWidth: 10, data: spec.predicted.map((x, i) => [x, spec.counts[i]]), itemStyle: { color: ink.baseline }, emphasis: { disabled: true } },
      ],
    });
  };

  function niceCeiling(v) {
    const step = 10 ** Math.floor(Math.log10(v));
    return [1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10].map((m) => m * step).find((m) => m >= v * 0.999);
  }
})();
