// The page: its views in step, play and time, and the figures of the run.

let views = [], nSteps = 1;
const longest = () => views.reduce((a, b) => (b.shown.facts.n_steps > a.shown.facts.n_steps ? b : a)).shown;

function show(step) {
  if (!views.length) return;
  state.step = Math.max(0, Math.min(nSteps - 1, Math.floor(step)));
  for (const view of views) view.show(state.step);
  const shown = longest();
  $("time").value = state.step;
  $("time").setAttribute("aria-valuetext", shown.time(state.step));
  $("now").textContent = `${shown.time(state.step)} of ${shown.time(nSteps)}`;
}

// Draw the views whose size has changed since they were drawn, or all of them.
function layout(all = true) {
  for (const view of views) if (all || view.sizeChanged()) view.layout();
}
const watcher = new ResizeObserver(() => layout(false));

let clock = 0, started = 0; // the step at which the clock started, and its time
function play(wanted) {
  state.playing = wanted;
  $("play").textContent = wanted ? "Pause" : "Play";
  clock = state.step;
  started = performance.now();
  if (wanted) requestAnimationFrame(tick);
}
function tick(now) {
  if (!state.playing || !views.length) return;
  const rate = state.speed / views[0].shown.seconds;
  const step = clock + Math.max(0, now - started) / 1000 * rate;
  if (step >= nSteps) { clock = 0; started = now; show(0); }
  else show(step);
  requestAnimationFrame(tick);
}

// Jump to a step; the film goes on from there.
function jump(step) {
  show(step);
  clock = state.step;
  started = performance.now();
}

function focused(words) {
  const { left_out } = views[0].shown.wiring;
  const idle = ["orange: excitatory", "blue: inhibitory", "point at a cell to see its partners",
    "click on the raster to move in time", left_out].filter(Boolean).join("; ");
  $("focus").textContent = words || idle;
}

// Show these episodes, in place of those shown before.
function display(episodes) {
  const first = !views.length;
  const boxes = episodes.map(() => $("view").content.cloneNode(true).firstElementChild);
  $("views").replaceChildren(...boxes);
  views = episodes.map((shown, i) => new View(shown, boxes[i], { jump, focused }));
  nSteps = longest().facts.n_steps;
  $("time").max = nSteps - 1;
  $("controls").hidden = false;
  if (first) state.step = Math.floor(nSteps / 4); // the gait is established
  state.step = Math.min(state.step, nSteps - 1);
  focused("");
  layout();
  watcher.disconnect();
  boxes.forEach((box) => watcher.observe(box.querySelector(".raster")));
  if (first && !matchMedia("(prefers-reduced-motion: reduce)").matches) play(true);
}

function figures() {
  $("title").textContent = page.title;
  if (page.comparison) comparisonFigures(page.comparison);
  else if (page.multiverse) multiverseFigures(page.multiverse);
  else if (page.simulation) simulationFigures(page.simulation);
  else runFigures(page.run, views.length ? views[0].shown.facts : null);
}

function problem(text) {
  $("problem").hidden = !text;
  $("problem").textContent = text;
}

async function open() {
  $("settings-text").textContent = JSON.stringify(settings, null, 1);
  if (!window.DecompressionStream) throw new Error("this browser has no DecompressionStream; use a newer one");
  const packed = $("arrays").textContent.trim().split("\n");
  const episodes = await Promise.all(page.episodes.map((facts, i) => Shown.make(facts, packed[i])));
  if (episodes.length) display(episodes);
  problem(page.problem);
  figures();
  $("play").addEventListener("click", () => play(!state.playing));
  $("time").addEventListener("input", () => jump(+$("time").value));
  $("speed").addEventListener("change", () => { state.speed = +$("speed").value; jump(state.step); });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") for (const view of views) view.focusOn(-1, -1);
    if (event.key === " " && event.target === document.body) { event.preventDefault(); play(!state.playing); }
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { layout(); figures(); });
}

const opened = open().catch((error) => problem(`The page cannot be shown: ${error.message}`));
