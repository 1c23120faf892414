// A multiverse: verdicts over all cells, and for one claim its specification curve and effects.

// Colour and mark of each verdict; the mark is for those who do not tell the colours apart.
const MARKS = { holds: ["good", "\u25cf"], refuted: ["bad", "\u25a0"], undecided: ["grey", "\u25cb"], "not tested": ["grey", "\u00b7"] };

function element(name, text, parent, attributes = {}) {
  const part = document.createElement(name);
  part.textContent = text;
  for (const [key, value] of Object.entries(attributes)) part.setAttribute(key, value);
  parent.append(part);
  return part;
}

function multiverseFigures(found) {
  $("score").textContent = found.summary;
  for (const part of [$("curve").parentElement, $("scores"), $("scores-title")]) part.setAttribute("hidden", "");
  const box = $("views");
  box.replaceChildren();
  const rows = found.claims.map((claim) => [claim.claim, ...found.verdicts.map((verdict) => {
    const n = claim.results.filter((result) => result[3] === verdict).length;
    return `${MARKS[verdict][1]} ${n} (${Math.round(100 * n / claim.results.length)}%)`;
  })]);
  const table = grid(box, ["claim; cells by verdict:", ...found.verdicts], rows);
  const place = { claim: state.claim || 0 };
  [...table.tBodies[0].rows].forEach((row, k) => {
    const button = element("button", row.cells[0].textContent, row.cells[0], { type: "button" });
    row.cells[0].replaceChildren(button);
    button.setAttribute("aria-pressed", k === place.claim);
    button.addEventListener("click", () => { state.claim = k; multiverseFigures(found); $("views").querySelectorAll("button")[k].focus(); });
  });
  const claim = found.claims[place.claim];
  if (!claim) return;
  element("p", `${claim.rule}: mean of each cell and its 95% interval over seeds, in ascending order; below, the choices of each cell`, box, { class: "words" });
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("id", "specifications");
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", "specification curve");
  element("div", "", box, { class: "wide" }).append(svg);
  drawSpecifications(svg, found, claim);
  element("p", "effects: change of the number if one choice changes and all others stay", box, { class: "words" });
  const number = (value) => (value === null ? "" : few(value));
  grid(box, ["choice", "from", "to", "effect", "95% interval", "pairs", "variance"], claim.effects.map((effect) => [
    effect.key, effect.reference, effect.value, number(effect.effect),
    effect.low === null ? "" : `${few(effect.low)} to ${few(effect.high)}`, effect.n_pairs,
    effect.variance === null ? "" : `${Math.round(100 * effect.variance)}%`]));
}

function grid(box, head, rows) {
  const frame = element("div", "", box, { class: "wide" }), table = element("table", "", frame);
  const top = element("tr", "", element("thead", "", table));
  for (const name of head) element("th", name, top);
  const body = element("tbody", "", table);
  for (const cells of rows) {
    const row = element("tr", "", body);
    for (const text of cells) element("td", text, row);
  }
  return table;
}

function drawSpecifications(svg, found, claim) {
  const order = claim.results.map((_, k) => k).filter((k) => claim.results[k][0] !== null)
    .sort((a, b) => claim.results[a][0] - claim.results[b][0]);
  const left = 170, wide = 700, tall = 170, line = 17, lines = found.choices.reduce((n, [, values]) => n + values.length, 0);
  svg.setAttribute("viewBox", `${-left} -8 ${left + wide + 12} ${tall + 34 + line * lines}`);
  if (!order.length) return draw(svg, "text", { x: 0, y: 20 }, "no cell has a number");
  const all = order.flatMap((k) => claim.results[k].slice(0, 3)).filter((value) => value !== null).concat(0);
  const low = all.reduce((a, b) => Math.min(a, b)), high = all.reduce((a, b) => Math.max(a, b));
  const X = (i) => (i + 0.5) / order.length * wide, Y = (value) => tall * (1 - (value - low) / ((high - low) || 1));
  draw(svg, "line", { x1: 0, x2: wide, y1: Y(0), y2: Y(0), stroke: colour("pale"), "stroke-width": 1.5 });
  for (const value of new Set([low, 0, high])) draw(svg, "text", { x: -6, y: Y(value) + 4, "text-anchor": "end" }, few(value));
  order.forEach((k, i) => {
    const [estimate, from, to, verdict] = claim.results[k], [shade, mark] = MARKS[verdict] || MARKS["not tested"];
    if (from !== null) draw(svg, "line", { x1: X(i), x2: X(i), y1: Y(from), y2: Y(to), stroke: colour(shade), "stroke-width": 1.2 });
    draw(svg, "text", { x: X(i), y: Y(estimate) + 4, "text-anchor": "middle", style: `fill:${colour(shade)}` }, mark);
  });
  let y = tall + 22;
  found.choices.forEach(([key, values], at) => values.forEach((value, which) => {
    draw(svg, "text", { x: -8, y: y + 4, "text-anchor": "end" }, `${key} ${value}`.slice(0, 26));
    order.forEach((k, i) => found.cells[k][at].includes(which) &&
      draw(svg, "rect", { x: X(i) - Math.min(4, wide / order.length / 2.5), y: y - 4, width: Math.min(8, wide / order.length / 1.25), height: 8, fill: colour("ink") }));
    y += line;
  }));
}
