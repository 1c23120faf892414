// Play, time, focus, and the figures that do not move.

const idle = ["orange: excitatory", "blue: inhibitory", "point at a cell to see its partners",
  "click on the raster to move in time", wiring.left_out].filter(Boolean).join("; ");
const panels = [bodyPanel, wiringPanel, rasterPanel, kymographPanel];

function show(step) {
  state.step = Math.max(0, Math.min(facts.n_steps - 1, Math.floor(step)));
  bodyPanel.moment();
  wiringPanel.moment();
  const share = (state.step + 0.5) / facts.n_steps;
  for (const cursor of document.querySelectorAll(".cursor"))
    cursor.style.transform = `translateX(${share * cursor.parentElement.clientWidth - 1}px)`;
  $("time").value = state.step;
  $("time").setAttribute("aria-valuetext", timeOf(state.step));
  $("now").textContent = `${timeOf(state.step)} of ${timeOf(facts.n_steps)}`;
}

function layout() {
  for (const panel of panels) panel.layout();
  mark();
  show(state.step);
}

let clock = 0, started = 0; // the step at which the clock started, and its time
function play(wanted) {
  state.playing = wanted;
  $("play").textContent = wanted ? "Pause" : "Play";
  clock = state.step;
  started = performance.now();
  if (wanted) requestAnimationFrame(tick);
}
function tick(now) {
  if (!state.playing) return;
  const rate = state.speed / (facts.dt || 0.04);
  const step = clock + Math.max(0, now - started) / 1000 * rate;
  if (step >= facts.n_steps) { clock = 0; started = now; show(0); }
  else show(step);
  requestAnimationFrame(tick);
}

// Jump to a step; the film goes on from there.
function jump(step) {
  show(step);
  clock = state.step;
  started = performance.now();
}

function mark() {
  const bar = document.querySelector(".row"), height = $("raster-box").clientHeight / nRows;
  bar.style.display = state.row < 0 ? "none" : "block";
  bar.style.transform = `translateY(${state.row * height}px)`;
  bar.style.height = `${Math.max(1, height)}px`;
}

function focusOn(row, node) {
  if (row === state.row && node === state.node) return;
  state.row = row;
  state.node = node;
  wiringPanel.layout();
  mark();
  wiringPanel.moment();
  const words = [];
  if (row >= 0) {
    const sign = { 1: "excitatory", "-1": "inhibitory", 0: "no outgoing edges" }[facts.rows.signs[row]];
    const spikes = !facts.graded && facts.dt;
    const rate = spikes ? `${(means[row] * facts.steps_per_action / facts.dt).toFixed(1)} spikes/s` : `${means[row].toPrecision(3)} ${facts.unit}`;
    words.push(`${facts.rows.names[row]}: ${sign}, ${rate}`);
  }
  if (node >= 0) {
    const list = (edges, end) => edges.map((edge) => wiring.edges[edge]).filter((edge) => edge[2] !== 0)
      .map((edge) => `${wiring.names[edge[end]]} ${edge[2] > 0 ? "+" : "\u2212"}`);
    const few = (names) => names.slice(0, 10).join(", ") + (names.length > 10 ? `, and ${names.length - 10} more` : "");
    const { out, into } = partners[node];
    if (row < 0) words.push(wiring.names[node]);
    words.push(`from ${few(list(into, 0)) || "none"}`, `to ${few(list(out, 1)) || "none"}`);
  }
  $("focus").textContent = words.join("; ") || idle;
}
const focusRow = (row) => focusOn(row, row < 0 ? -1 : wiring.node[row]);
const focusNode = (node) => focusOn(node < 0 || !rowsOf[node].length ? -1 : rowsOf[node][0], node);

function listen() {
  $("play").addEventListener("click", () => play(!state.playing));
  $("time").addEventListener("input", () => jump(+$("time").value));
  $("speed").addEventListener("change", () => { state.speed = +$("speed").value; jump(state.step); });
  for (const id of ["raster", "kymograph"]) {
    const box = $(`${id}-box`);
    const there = (event) => jump((event.clientX - box.getBoundingClientRect().left) / box.clientWidth * facts.n_steps);
    box.addEventListener("pointerdown", (event) => { there(event); box.setPointerCapture(event.pointerId); });
    box.addEventListener("pointermove", (event) => {
      if (event.buttons & 1) there(event);
      if (id === "raster") {
        const place = box.getBoundingClientRect();
        focusRow(Math.max(0, Math.min(nRows - 1, Math.floor((event.clientY - place.top) / place.height * nRows))));
      }
    });
    box.addEventListener("pointerleave", () => focusOn(-1, -1));
  }
  const canvas = $("wiring");
  canvas.addEventListener("pointermove", (event) => {
    const place = canvas.getBoundingClientRect();
    focusNode(wiringPanel.nodeAt(event.clientX - place.left, event.clientY - place.top));
  });
  canvas.addEventListener("pointerleave", () => focusOn(-1, -1));
  canvas.addEventListener("keydown", (event) => {
    const move = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (!move) return;
    event.preventDefault();
    focusRow((state.row + move + (state.row < 0 && move < 0 ? 1 : 0) + nRows) % nRows);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") focusOn(-1, -1);
    if (event.key === " " && event.target === document.body) { event.preventDefault(); play(!state.playing); }
  });
  new ResizeObserver(layout).observe($("raster-box"));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { layout(); figures(); });
}

function draw(svg, name, attributes, text) {
  const part = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) part.setAttribute(key, value);
  if (text !== undefined) part.textContent = text;
  svg.append(part);
}

function figures() {
  const curve = $("curve"), wide = 400, tall = 100;
  curve.replaceChildren();
  curve.setAttribute("viewBox", `-44 -4 ${wide + 130} ${tall + 22}`);
  const finite = [...facts.history.best, ...facts.history.mean].filter((value) => value !== null);
  if (finite.length) {
    const low = Math.min(...finite), high = Math.max(...finite), n = facts.history.best.length;
    const Y = (value) => tall * (1 - (value - low) / ((high - low) || 1));
    const ends = [];
    for (const [name, shade] of [["best", "ink"], ["mean", "grey"]]) {
      const points = facts.history[name].map((value, i) => [i / Math.max(1, n - 1) * wide, value]).filter((point) => point[1] !== null);
      draw(curve, "polyline", { points: points.map(([x, y]) => `${x.toFixed(1)},${Y(y).toFixed(1)}`).join(" "), fill: "none", stroke: colour(shade), "stroke-width": 1.6 });
      if (points.length) ends.push([Y(points.at(-1)[1]), name]);
    }
    if (ends.length > 1 && Math.abs(ends[0][0] - ends[1][0]) < 13) ends[1][0] = ends[0][0] + 13;
    for (const [y, name] of ends) draw(curve, "text", { x: wide + 5, y: y + 4 }, name);
    for (const value of [low, high]) draw(curve, "text", { x: -5, y: Y(value) + 4, "text-anchor": "end" }, value.toPrecision(3));
    draw(curve, "text", { x: wide, y: tall + 15, "text-anchor": "end" }, `${n} generations`);
  }
  const dots = $("scores"), scores = facts.held_out.filter((value) => value !== null);
  dots.replaceChildren();
  dots.setAttribute("viewBox", `-44 -4 ${wide + 130} 44`);
  $("starts").textContent = `${facts.summary}; generation ${facts.generation}`;
  if (!scores.length) return;
  const low = Math.min(...scores), high = Math.max(...scores);
  for (const value of scores)
    draw(dots, "circle", { cx: high > low ? (value - low) / (high - low) * wide : wide / 2, cy: 10, r: 4, fill: colour("good"), "fill-opacity": 0.4 });
  draw(dots, "text", { x: 0, y: 34, "text-anchor": "middle" }, low.toPrecision(3));
  if (high > low) draw(dots, "text", { x: wide, y: 34, "text-anchor": "middle" }, high.toPrecision(3));
}

async function open() {
  $("title").textContent = facts.title;
  $("score").textContent = `${facts.summary}; shown: ${facts.score.toPrecision(4)} from ${facts.start}`;
  $("settings-text").textContent = JSON.stringify(settings, null, 1);
  $("focus").textContent = idle;
  if (!window.DecompressionStream) throw new Error("this browser has no DecompressionStream; use a newer one");
  arrays = await readArrays();
  measure();
  $("time").max = facts.n_steps - 1;
  state.step = Math.floor(facts.n_steps / 4); // the gait is established
  layout();
  figures();
  listen();
  if (!matchMedia("(prefers-reduced-motion: reduce)").matches) play(true);
}

open().catch((error) => {
  $("problem").hidden = false;
  $("problem").textContent = `The page cannot be shown: ${error.message}`;
});
