// Figures of a comparison: the held-out scores of all arms, and their learning curves.

const shade = (arm) => arm.colour || colour("ink"); // the circuit is black on white, and white on black

function comparisonFigures(comparison) {
  $("views").className = "columns";
  $("score").textContent = comparison.summary;
  $("scores-title").textContent = "held-out score; dot: one seed, diamond and bar: mean and its 95% interval";
  $("curve-title").textContent = "fitness by generation: population mean, averaged over seeds; bar: 95% interval";
  drawArms($("scores"), comparison.arms);
  drawMeans($("curve"), comparison.arms);
}

const few = (value) => Number(value.toPrecision(3)).toString();

function drawArms(svg, arms) {
  svg.replaceChildren();
  const row = 26, tall = row * arms.length, left = 74, right = 150;
  svg.setAttribute("viewBox", `${-left} -4 ${WIDE + left + right} ${tall + 24}`);
  const all = arms.flatMap((arm) => [...arm.scores, arm.low, arm.high]).filter((value) => value !== null);
  if (!all.length) return;
  const low = Math.min(...all), high = Math.max(...all), X = (value) => (value - low) / ((high - low) || 1) * WIDE;
  arms.forEach((arm, place) => {
    const y = row * (place + 0.5), fill = shade(arm);
    draw(svg, "text", { x: -8, y: y + 4, "text-anchor": "end" }, arm.arm);
    arm.scores.forEach((value, i) => value !== null &&
      draw(svg, "circle", { cx: X(value), cy: y + ((i * 7) % arm.scores.length / arm.scores.length - 0.5) * 14, r: 3.5, fill, "fill-opacity": 0.5 }));
    if (arm.low !== null) draw(svg, "line", { x1: X(arm.low), x2: X(arm.high), y1: y, y2: y, stroke: fill, "stroke-width": 2.5 });
    if (arm.mean !== null) draw(svg, "path", { d: `M${X(arm.mean)} ${y - 6}l5 6l-5 6l-5 -6z`, fill });
    draw(svg, "text", { x: WIDE + 10, y: y + 4 }, arm.test);
  });
  for (const value of [low, high]) draw(svg, "text", { x: X(value), y: tall + 15, "text-anchor": "middle" }, few(value));
}

function drawMeans(svg, arms) {
  svg.replaceChildren();
  const n = Math.max(...arms.map((arm) => arm.curve.length)), tall = 26 * arms.length;
  svg.setAttribute("viewBox", `-44 -6 ${WIDE + 110 + 4 * arms.length} ${tall + 26}`);
  const ends = arms.flatMap((arm) => arm.end), all = arms.flatMap((arm) => arm.curve).concat(ends).filter((value) => value !== null);
  if (!all.length) return;
  const low = all.reduce((a, b) => Math.min(a, b)), high = all.reduce((a, b) => Math.max(a, b));
  const X = (i) => i / Math.max(1, n - 1) * WIDE, Y = (value) => tall * (1 - (value - low) / ((high - low) || 1));
  const labels = [];
  arms.forEach((arm, place) => {
    const points = arm.curve.map((value, i) => [i, value]).filter(([, value]) => value !== null);
    if (!points.length) return;
    draw(svg, "polyline", { points: points.map(([i, value]) => `${X(i).toFixed(1)},${Y(value).toFixed(1)}`).join(" "), fill: "none", stroke: shade(arm), "stroke-width": 1.8 });
    if (arm.end[0] !== null) draw(svg, "line", { x1: WIDE + 4 + 4 * place, x2: WIDE + 4 + 4 * place, y1: Y(arm.end[0]), y2: Y(arm.end[1]), stroke: shade(arm), "stroke-width": 2.5, "stroke-opacity": 0.6 });
    labels.push({ y: Y(points.at(-1)[1]), arm });
  });
  labels.sort((a, b) => a.y - b.y);
  labels.forEach((label, i) => { if (i) label.y = Math.max(label.y, labels[i - 1].y + 13); });
  for (const { y, arm } of labels) draw(svg, "text", { x: WIDE + 6 + 4 * arms.length, y: y + 4, style: `fill:${shade(arm)}` }, arm.arm);
  for (const value of [low, high]) draw(svg, "text", { x: -5, y: Y(value) + 4, "text-anchor": "end" }, few(value));
  draw(svg, "text", { x: WIDE, y: tall + 16, "text-anchor": "end" }, `${n} generations`);
}
