// The facts and arrays of the page, and the state that all panels share.

const $ = (id) => document.getElementById(id);
const facts = JSON.parse($("facts").textContent);
const settings = JSON.parse($("settings").textContent);
const nRows = facts.rows.names.length;
const wiring = facts.wiring;
const state = { step: 0, playing: false, speed: 1, row: -1, node: -1 };
let arrays = {};

async function readArrays() {
  const text = atob($("arrays").textContent);
  const packed = Uint8Array.from(text, (letter) => letter.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  const bytes = await new Response(stream).arrayBuffer();
  const views = { float32: Float32Array, uint8: Uint8Array };
  const read = {};
  for (const [name, place] of Object.entries(facts.arrays)) {
    const length = place.shape.reduce((a, b) => a * b, 1);
    read[name] = new views[place.type](bytes, place.start, length);
  }
  return read;
}

// Activity of a row at a network step, from 0 to 1.
function active(step, row) {
  const place = step * nRows + row;
  if (facts.graded) return arrays.activity[place] / 255;
  return (arrays.activity[place >> 3] >> (place & 7)) & 1;
}

const nNetworkSteps = facts.n_steps * facts.steps_per_action;
const rowsOf = wiring.names.map(() => []);
wiring.node.forEach((node, row) => node >= 0 && rowsOf[node].push(row));
const partners = wiring.names.map(() => ({ out: [], into: [] }));
wiring.edges.forEach(([pre, post, weight], edge) => {
  partners[pre].out.push(edge);
  partners[post].into.push(edge);
});

// Mean activity of a row over the episode.
const means = [];
function measure() {
  for (let row = 0; row < nRows; row++) {
    let sum = 0;
    for (let step = 0; step < nNetworkSteps; step++) sum += active(step, row);
    means.push((sum / nNetworkSteps) * facts.largest);
  }
}

function timeOf(step) {
  return facts.dt ? `${(step * facts.dt).toFixed(1)} s` : `step ${step}`;
}

function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

function signColour(sign) {
  return colour(sign > 0 ? "exc" : sign < 0 ? "inh" : "grey");
}

function rgb(text) {
  const number = parseInt(text.slice(1), 16);
  const long = text.length > 4;
  return [0, 1, 2].map((i) =>
    long ? (number >> (16 - 8 * i)) & 255 : ((number >> (8 - 4 * i)) & 15) * 17);
}

// A canvas with one pixel per device pixel, and its size in CSS pixels.
function fit(canvas) {
  const ratio = window.devicePixelRatio || 1;
  const { width, height } = canvas.getBoundingClientRect();
  canvas.width = Math.max(1, Math.round(width * ratio));
  canvas.height = Math.max(1, Math.round(height * ratio));
  const pen = canvas.getContext("2d");
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  return { pen, width, height, ratio };
}
