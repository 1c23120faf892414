// What each panel draws. `layout` draws what stays; `moment` draws what changes with time.

const bodyPanel = {
  layout() {
    Object.assign(this, fit($("body")));
    if (!arrays.links) return;
    const shape = facts.arrays.links.shape;
    this.nLinks = shape[1];
    const first = arrays.links.subarray(0, this.nLinks * 4);
    let low = [Infinity, Infinity], high = [-Infinity, -Infinity];
    first.forEach((value, i) => {
      low[i % 2] = Math.min(low[i % 2], value);
      high[i % 2] = Math.max(high[i % 2], value);
    });
    this.size = Math.max(high[0] - low[0], high[1] - low[1], 1e-6);
    this.scale = Math.min(this.width / (1.8 * this.size), this.height / (1.0 * this.size));
    const dt = facts.dt || 1;
    this.blur = Math.max(1, Math.round(0.5 / dt));
    this.trail = Math.max(2, Math.round(2 / dt));
    const unit = 10 ** Math.floor(Math.log10(this.size));
    this.unit = this.size / unit < 5 ? unit : 2 * unit;
  },
  middle(step) {
    let x = 0, y = 0;
    const from = step * this.nLinks * 4, n = this.nLinks * 2;
    for (let i = 0; i < n; i++) { x += arrays.links[from + 2 * i]; y += arrays.links[from + 2 * i + 1]; }
    return [x / n, y / n];
  },
  // Mean place over half a second before and after, so that the camera does not shake.
  camera(step) {
    let x = 0, y = 0, n = 0;
    for (let k = Math.max(0, step - this.blur); k <= Math.min(facts.n_steps - 1, step + this.blur); k++) {
      const [a, b] = this.middle(k);
      x += a; y += b; n += 1;
    }
    return [x / n, y / n];
  },
  moment() {
    const { pen, width, height } = this;
    pen.clearRect(0, 0, width, height);
    if (!arrays.links) return this.signals();
    const step = state.step, [cx, cy] = this.camera(step), scale = this.scale;
    const X = (x) => width / 2 + (x - cx) * scale, Y = (y) => height / 2 - (y - cy) * scale;
    pen.lineWidth = 1;
    pen.strokeStyle = colour("pale");
    pen.beginPath(); // a grid fixed to the world, so that the movement is seen
    for (let g = Math.ceil((cx - width / 2 / scale) / this.unit); X(g * this.unit) < width; g++) {
      pen.moveTo(X(g * this.unit), 0); pen.lineTo(X(g * this.unit), height);
    }
    for (let g = Math.ceil((cy - height / 2 / scale) / this.unit); Y(g * this.unit) > 0; g++) {
      pen.moveTo(0, Y(g * this.unit)); pen.lineTo(width, Y(g * this.unit));
    }
    pen.stroke();
    const at = (k, link, end) => {
      const i = ((k * this.nLinks + link) * 2 + end) * 2;
      return [arrays.links[i], arrays.links[i + 1]];
    };
    pen.strokeStyle = colour("grey");
    pen.beginPath();
    for (let k = Math.max(0, step - this.trail); k <= step; k++) {
      const [a, b] = at(k, 0, 0), [c, d] = at(k, 0, 1);
      pen.lineTo(X((a + c) / 2), Y((b + d) / 2));
    }
    pen.stroke();
    pen.lineCap = "round";
    for (let link = this.nLinks - 1; link >= 0; link--) {
      pen.strokeStyle = colour(link ? "grey" : "ink");
      pen.lineWidth = Math.max(2, 2 * facts.radius[link] * scale);
      pen.beginPath();
      pen.moveTo(X(at(step, link, 0)[0]), Y(at(step, link, 0)[1]));
      pen.lineTo(X(at(step, link, 1)[0]) + 0.01, Y(at(step, link, 1)[1]));
      pen.stroke();
    }
    const dt = facts.dt || 1, a = this.camera(Math.max(0, step - 1)), b = this.camera(Math.min(facts.n_steps - 1, step + 1));
    const speed = Math.hypot(b[0] - a[0], b[1] - a[1]) / dt / Math.max(1, Math.min(facts.n_steps - 1, step + 1) - Math.max(0, step - 1));
    pen.lineCap = "butt";
    pen.lineWidth = 3;
    pen.strokeStyle = pen.fillStyle = colour("ink");
    pen.beginPath(); pen.moveTo(8, height - 8); pen.lineTo(8 + this.unit * scale, height - 8); pen.stroke();
    pen.font = "13px system-ui, sans-serif";
    pen.fillText(`${this.unit} m`, 8, height - 14);
    pen.textAlign = "right";
    pen.fillText(`${speed.toFixed(2)} m/s`, width - 8, height - 8);
    pen.textAlign = "left";
  },
  // Observations and actions, for a task without a body.
  signals() {
    const { pen, width, height } = this;
    ["observations", "actions"].forEach((name, half) => {
      const n = facts.arrays[name].shape[1], values = arrays[name];
      let low = Infinity, high = -Infinity;
      for (const value of values) if (Number.isFinite(value)) { low = Math.min(low, value); high = Math.max(high, value); }
      const top = half * height / 2 + 18, tall = height / 2 - 24;
      pen.strokeStyle = colour(half ? "ink" : "grey");
      pen.lineWidth = 1;
      for (let j = 0; j < n; j++) {
        pen.beginPath();
        for (let k = 0; k < facts.n_steps; k++)
          pen.lineTo(k / facts.n_steps * width, top + tall * (1 - (values[k * n + j] - low) / ((high - low) || 1)));
        pen.stroke();
      }
      pen.fillStyle = colour("grey");
      pen.font = "13px system-ui, sans-serif";
      pen.fillText(`${name} (${n}), ${low.toPrecision(3)} to ${high.toPrecision(3)}`, 0, top - 5);
    });
    pen.fillStyle = colour("ink");
    pen.fillRect(state.step / facts.n_steps * width, 0, 2, height);
  },
};

const wiringPanel = {
  layout() {
    Object.assign(this, fit($("wiring")));
    const { width, height } = this, pad = wiring.map ? 14 : 62;
    const span = (values) => [Math.min(...values), Math.max(...values)];
    const [x0, x1] = span(wiring.x), [y0, y1] = span(wiring.y);
    let sx = (width - 2 * pad) / ((x1 - x0) || 1), sy = (height - 2 * pad) / ((y1 - y0) || 1);
    if (!wiring.map) sx = sy = Math.min(sx, sy);
    this.px = wiring.x.map((x) => width / 2 + (x - (x0 + x1) / 2) * sx);
    this.py = wiring.y.map((y) => height / 2 - (y - (y0 + y1) / 2) * sy);
    this.largest = Math.max(1, ...wiring.edges.map((edge) => Math.abs(edge[2])));
    this.still = document.createElement("canvas");
    this.still.width = $("wiring").width; this.still.height = $("wiring").height;
    const pen = this.still.getContext("2d");
    pen.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    const focus = state.node;
    pen.globalAlpha = focus < 0 ? 0.45 : 0.08;
    wiring.edges.forEach((edge) => this.arc(pen, edge));
    if (focus >= 0) {
      pen.globalAlpha = 0.95;
      for (const edge of [...partners[focus].out, ...partners[focus].into]) this.arc(pen, wiring.edges[edge]);
    }
    pen.globalAlpha = 1;
    pen.fillStyle = colour("grey");
    pen.font = "11px system-ui, sans-serif";
    if (wiring.map) {
      pen.fillText("dorsal, head", 0, 9);
      pen.fillText("ventral", 0, height - 1);
      pen.textAlign = "right";
      pen.fillText("tail", width, 9);
      pen.textAlign = "left";
    } else {
      wiring.names.forEach((name, node) => {
        const left = wiring.x[node] < -0.01; // names point outwards, and none is upside down
        pen.save();
        pen.translate(this.px[node], this.py[node]);
        pen.rotate(Math.atan2(-wiring.y[node], wiring.x[node]) + (left ? Math.PI : 0));
        pen.textAlign = left ? "right" : "left";
        pen.fillText(name.slice(0, 10), left ? -8 : 8, 4);
        pen.restore();
      });
    }
  },
  arc(pen, [pre, post, weight]) {
    const x = this.px[pre], y = this.py[pre], u = this.px[post], v = this.py[post];
    pen.strokeStyle = signColour(weight);
    pen.lineWidth = 0.5 + 2 * Math.sqrt(Math.abs(weight) / this.largest);
    pen.beginPath();
    if (pre === post) { pen.arc(x, y - 7, 6, 0, 7); }
    else { pen.moveTo(x, y); pen.quadraticCurveTo((x + u) / 2 - 0.18 * (v - y), (y + v) / 2 + 0.18 * (u - x), u, v); }
    pen.stroke();
  },
  // How brightly a node shines: its activity in the last steps, the newest counting most.
  glow(node) {
    let sum = 0;
    const last = Math.min(nNetworkSteps, (state.step + 1) * facts.steps_per_action) - 1;
    for (const row of rowsOf[node])
      for (let back = 0; back < 4 && last - back >= 0; back++) sum += active(last - back, row) * 0.55 ** back;
    return Math.min(1, sum / Math.max(1, rowsOf[node].length));
  },
  moment() {
    const { pen, width, height } = this;
    pen.clearRect(0, 0, width, height);
    pen.drawImage(this.still, 0, 0, width, height);
    const near = new Set();
    if (state.node >= 0) for (const edge of [...partners[state.node].out, ...partners[state.node].into])
      { near.add(wiring.edges[edge][0]); near.add(wiring.edges[edge][1]); }
    wiring.names.forEach((name, node) => {
      const light = this.glow(node), row = rowsOf[node][0];
      pen.beginPath();
      pen.arc(this.px[node], this.py[node], 2.5 + 4 * light, 0, 7);
      pen.fillStyle = light > 0.02 && row !== undefined ? signColour(facts.rows.signs[row]) : colour("ink");
      pen.globalAlpha = state.node < 0 || near.has(node) || node === state.node ? 0.45 + 0.55 * light : 0.2;
      pen.fill();
      if (node === state.node || near.has(node)) { pen.globalAlpha = 1; pen.lineWidth = node === state.node ? 3 : 1; pen.strokeStyle = colour("good"); pen.stroke(); }
    });
    pen.globalAlpha = 1;
  },
  nodeAt(x, y) {
    let best = -1, least = 14 ** 2;
    this.px.forEach((px, node) => {
      const far = (px - x) ** 2 + (this.py[node] - y) ** 2;
      if (far < least) { least = far; best = node; }
    });
    return best;
  },
};

// Draw a picture of (rows, steps): each pixel has the colour of the strongest value that it covers.
function drawRows(canvas, n, nSteps, paint) {
  const { width, height } = fit(canvas), wide = Math.min(canvas.width, nSteps);
  const image = new ImageData(wide, n);
  for (let row = 0; row < n; row++)
    for (let column = 0; column < wide; column++) {
      const first = Math.floor(column * nSteps / wide), last = Math.max(first + 1, Math.floor((column + 1) * nSteps / wide));
      image.data.set(paint(row, first, last), 4 * (row * wide + column));
    }
  const small = document.createElement("canvas");
  small.width = wide; small.height = n;
  small.getContext("2d").putImageData(image, 0, 0);
  const pen = canvas.getContext("2d");
  pen.imageSmoothingEnabled = false;
  pen.drawImage(small, 0, 0, width, height);
}

const rasterPanel = {
  layout() {
    const shades = { 1: rgb(colour("exc")), "-1": rgb(colour("inh")), 0: rgb(colour("ink")) };
    drawRows($("raster"), nRows, nNetworkSteps, (row, first, last) => {
      let most = 0;
      for (let step = first; step < last; step++) most = Math.max(most, active(step, row));
      return [...shades[facts.rows.signs[row]], 255 * most];
    });
    const height = $("raster-box").clientHeight, box = $("group-names");
    box.replaceChildren();
    let used = -20;
    for (const [name, first, last] of facts.rows.groups) {
      const y = (first + last) / 2 / nRows * height;
      if (y - used < 13) continue;
      used = y;
      label(box, name, y);
    }
  },
};

const kymographPanel = {
  layout() {
    const n = facts.joints.length;
    $("kymograph-box").hidden = $("joint-names").hidden = !n || !arrays.angles;
    if (!n || !arrays.angles) return;
    let largest = 1e-9;
    for (const angle of arrays.angles) largest = Math.max(largest, Math.abs(angle));
    const ends = [rgb(colour("inh")), rgb(colour("exc"))];
    drawRows($("kymograph"), n, facts.n_steps, (row, first) => {
      const angle = arrays.angles[first * n + row] / largest;
      return [...ends[angle > 0 ? 1 : 0], 255 * Math.abs(angle)];
    });
    const height = $("kymograph-box").clientHeight;
    $("joint-names").replaceChildren();
    facts.joints.forEach((name, row) => label($("joint-names"), name, (row + 0.5) / n * height));
    $("kymograph").setAttribute("aria-label", `joint angles over time, up to ${(largest * 180 / Math.PI).toFixed(0)} degrees`);
  },
};

function label(box, text, y) {
  const name = document.createElement("span");
  name.textContent = text;
  name.style.top = `${y}px`;
  box.append(name);
}
