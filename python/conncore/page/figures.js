// Figures of a run, which do not move: the learning curve and the held-out scores.

function draw(svg, name, attributes, text) {
  const part = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) part.setAttribute(key, value);
  if (text !== undefined) part.textContent = text;
  svg.append(part);
}

const WIDE = 400, TALL = 100, MOST_POINTS = 1000;

// `run` has the facts of the run. The x axis ends at its last generation to come.
function drawCurve(svg, run) {
  const { best, mean } = run.history, n = best.length, last = Math.max(run.total - 1, n - 1, 1);
  svg.replaceChildren();
  svg.setAttribute("viewBox", `-44 -6 ${WIDE + 80} ${TALL + 24}`);
  const finite = [...best, ...mean].filter((value) => value !== null);
  draw(svg, "text", { x: WIDE, y: TALL + 15, "text-anchor": "end" },
    n < run.total ? `${n} of ${run.total} generations` : `${n} generations`);
  if (!finite.length) return;
  const low = finite.reduce((a, b) => Math.min(a, b)), high = finite.reduce((a, b) => Math.max(a, b));
  const X = (i) => i / last * WIDE, Y = (value) => TALL * (1 - (value - low) / ((high - low) || 1));
  const every = Math.ceil(n / MOST_POINTS), ends = [];
  for (const [name, values, shade] of [["best", best, "ink"], ["mean", mean, "grey"]]) {
    const points = values.map((value, i) => [i, value]).filter(([i, value]) => value !== null && (i % every === 0 || i === n - 1));
    draw(svg, "polyline", { points: points.map(([i, value]) => `${X(i).toFixed(1)},${Y(value).toFixed(1)}`).join(" "), fill: "none", stroke: colour(shade), "stroke-width": 1.6 });
    if (points.length) ends.push([X(points.at(-1)[0]), Y(points.at(-1)[1]), name]);
  }
  if (ends.length > 1 && Math.abs(ends[0][1] - ends[1][1]) < 13) ends[1][1] = ends[0][1] + 13;
  for (const [x, y, name] of ends) draw(svg, "text", { x: x + 6, y: y + 4 }, name);
  for (const value of [low, high]) draw(svg, "text", { x: -5, y: Y(value) + 4, "text-anchor": "end" }, value.toPrecision(3));
  const shown = run.shown !== null && best[run.shown];
  if (Number.isFinite(shown)) draw(svg, "circle", { cx: X(run.shown), cy: Y(shown), r: 4, fill: colour("good") });
}

function drawScores(svg, held_out) {
  const scores = held_out.filter((value) => value !== null);
  svg.replaceChildren();
  svg.setAttribute("viewBox", `-44 -4 ${WIDE + 80} 44`);
  if (!scores.length) return;
  const low = Math.min(...scores), high = Math.max(...scores);
  for (const value of scores)
    draw(svg, "circle", { cx: high > low ? (value - low) / (high - low) * WIDE : WIDE / 2, cy: 10, r: 4, fill: colour("good"), "fill-opacity": 0.4 });
  draw(svg, "text", { x: high > low ? 0 : WIDE / 2, y: 34, "text-anchor": "middle" }, low.toPrecision(3));
  if (high > low) draw(svg, "text", { x: WIDE, y: 34, "text-anchor": "middle" }, high.toPrecision(3));
}

// `shown` has the facts of the episode, or is null.
function runFigures(run, shown) {
  const episode = shown ? `shown: ${shown.score.toPrecision(4)} from ${shown.start}` : "";
  $("score").textContent = [run.summary, episode].filter(Boolean).join("; ");
  $("scores-title").textContent = run.chosen;
  $("curve-title").textContent = `fitness by generation${run.shown === null ? "" : "; green dot: the solution shown"}`;
  drawCurve($("curve"), run);
  drawScores($("scores"), run.held_out);
}
