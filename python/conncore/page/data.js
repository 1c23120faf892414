// The facts and arrays of the page, and helpers for all panels.

const $ = (id) => document.getElementById(id);
const page = JSON.parse($("facts").textContent);
const settings = JSON.parse($("settings").textContent);
const state = { step: 0, playing: false, speed: 1 };

async function unpack(text, places) {
  const packed = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  const bytes = await new Response(stream).arrayBuffer();
  const views = { float32: Float32Array, uint8: Uint8Array };
  const arrays = {};
  for (const [name, place] of Object.entries(places)) {
    const length = place.shape.reduce((a, b) => a * b, 1);
    arrays[name] = new views[place.type](bytes, place.start, length);
  }
  return arrays;
}

// One episode that the page shows.
class Shown {
  constructor(facts, arrays) {
    Object.assign(this, { facts, arrays, wiring: facts.wiring });
    this.focus = { row: -1, node: -1 };
    this.nRows = facts.rows.names.length;
    this.nNetworkSteps = facts.n_steps * facts.steps_per_action;
    this.rowsOf = this.wiring.names.map(() => []);
    this.wiring.node.forEach((node, row) => node >= 0 && this.rowsOf[node].push(row));
    this.partners = this.wiring.names.map(() => ({ out: [], into: [] }));
    this.wiring.edges.forEach(([pre, post], edge) => {
      this.partners[pre].out.push(edge);
      this.partners[post].into.push(edge);
    });
  }

  static async make(facts, packed) {
    const arrays = await unpack(packed, facts.arrays), shown = new Shown(facts, arrays);
    if (facts.pictures) {
      const { ends } = facts.pictures;
      shown.frames = await Promise.all(ends.map((end, i) => createImageBitmap(
        new Blob([arrays.pictures.subarray(i ? ends[i - 1] : 0, end)], { type: "image/webp" }))));
    }
    return shown;
  }

  // Seconds of the page's time that a step takes: without a clock, a picture stays for a second.
  get seconds() {
    return this.facts.dt || (this.frames ? 1 / this.facts.pictures.every : 0.04);
  }

  // Activity of a row at a network step, from 0 to 1.
  active(step, row) {
    const place = step * this.nRows + row;
    if (this.facts.graded) return this.arrays.activity[place] / 255;
    return (this.arrays.activity[place >> 3] >> (place & 7)) & 1;
  }

  // Mean activity of a row over the episode.
  mean(row) {
    let sum = 0;
    for (let step = 0; step < this.nNetworkSteps; step++) sum += this.active(step, row);
    return (sum / this.nNetworkSteps) * this.facts.largest;
  }

  // The nodes that have an edge with a node.
  near(node) {
    const found = new Set();
    if (node < 0) return found;
    for (const edge of [...this.partners[node].out, ...this.partners[node].into])
      found.add(this.wiring.edges[edge][0]).add(this.wiring.edges[edge][1]);
    return found;
  }

  time(step) {
    return this.facts.dt ? `${(step * this.facts.dt).toFixed(1)} s` : `step ${step}`;
  }
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

function label(box, text, y) {
  const name = document.createElement("span");
  name.textContent = text;
  name.style.top = `${y}px`;
  box.append(name);
}
