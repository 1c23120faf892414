// What each panel draws. `layout` draws what stays; `moment` draws what changes with time.

class BodyPanel {
  constructor(shown, canvas) {
    Object.assign(this, { shown, canvas });
  }

  layout() {
    Object.assign(this, fit(this.canvas));
    const { facts, arrays } = this.shown;
    if (!arrays.links) return;
    this.nLinks = facts.arrays.links.shape[1];
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
    this.trail = Math.max(2, Math.round(8 / dt));
    const unit = 10 ** Math.floor(Math.log10(this.size));
    this.unit = this.size / unit < 5 ? unit : 2 * unit;
  }

  middle(step) {
    let x = 0, y = 0;
    const { links } = this.shown.arrays, from = step * this.nLinks * 4, n = this.nLinks * 2;
    for (let i = 0; i < n; i++) { x += links[from + 2 * i]; y += links[from + 2 * i + 1]; }
    return [x / n, y / n];
  }

  // Mean place over half a second before and after, so that the camera does not shake.
  camera(step) {
    let x = 0, y = 0, n = 0;
    const last = Math.min(this.shown.facts.n_steps - 1, step + this.blur);
    for (let k = Math.max(0, step - this.blur); k <= last; k++) {
      const [a, b] = this.middle(k);
      x += a; y += b; n += 1;
    }
    return [x / n, y / n];
  }

  moment(step) {
    const { pen, width, height } = this, { facts, arrays } = this.shown;
    pen.clearRect(0, 0, width, height);
    if (!arrays.links) return this.signals(step);
    const [cx, cy] = this.camera(step), scale = this.scale;
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
    pen.strokeStyle = colour("good"); // the path of the head
    pen.lineWidth = 1.5;
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
    pen.lineCap = "butt";
    pen.lineWidth = 3;
    pen.strokeStyle = pen.fillStyle = colour("ink");
    pen.beginPath(); pen.moveTo(8, height - 8); pen.lineTo(8 + this.unit * scale, height - 8); pen.stroke();
    pen.font = "13px system-ui, sans-serif";
    pen.fillText(`${this.unit} m`, 8, height - 14);
    pen.textAlign = "right";
    const [x0, y0] = this.camera(0), far = Math.hypot(cx - x0, cy - y0);
    pen.fillText(`${this.speed(step).toFixed(2)} m/s, ${far.toFixed(1)} m from the start`, width - 8, height - 8);
    pen.textAlign = "left";
  }

  speed(step) {
    const from = Math.max(0, step - 1), to = Math.min(this.shown.facts.n_steps - 1, step + 1);
    const a = this.camera(from), b = this.camera(to);
    return Math.hypot(b[0] - a[0], b[1] - a[1]) / (this.shown.facts.dt || 1) / Math.max(1, to - from);
  }

  // Observations and actions, for a task without a body.
  signals(step) {
    const { pen, width, height } = this, { facts, arrays } = this.shown;
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
    pen.fillRect(step / facts.n_steps * width, 0, 2, height);
  }
}

class WiringPanel {
  constructor(shown, canvas) {
    Object.assign(this, { shown, canvas });
  }

  layout() {
    Object.assign(this, fit(this.canvas));
    const { width, height, shown } = this, { wiring, partners } = shown, pad = wiring.map ? 14 : 62;
    const span = (values) => [Math.min(...values), Math.max(...values)];
    const [x0, x1] = span(wiring.x), [y0, y1] = span(wiring.y);
    let sx = (width - 2 * pad) / ((x1 - x0) || 1), sy = (height - 2 * pad) / ((y1 - y0) || 1);
    if (!wiring.map) sx = sy = Math.min(sx, sy);
    this.px = wiring.x.map((x) => width / 2 + (x - (x0 + x1) / 2) * sx);
    this.py = wiring.y.map((y) => height / 2 - (y - (y0 + y1) / 2) * sy);
    this.largest = wiring.edges.reduce((most, edge) => Math.max(most, Math.abs(edge[2])), 1);
    this.still = document.createElement("canvas");
    this.still.width = this.canvas.width; this.still.height = this.canvas.height;
    const pen = this.still.getContext("2d");
    pen.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    const focus = shown.focus.node;
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
  }

  arc(pen, [pre, post, weight]) {
    const x = this.px[pre], y = this.py[pre], u = this.px[post], v = this.py[post];
    pen.strokeStyle = signColour(weight);
    pen.lineWidth = 0.5 + 2 * Math.sqrt(Math.abs(weight) / this.largest);
    pen.beginPath();
    if (pre === post) { pen.arc(x, y - 7, 6, 0, 7); }
    else { pen.moveTo(x, y); pen.quadraticCurveTo((x + u) / 2 - 0.18 * (v - y), (y + v) / 2 + 0.18 * (u - x), u, v); }
    pen.stroke();
  }

  // How brightly a node shines: its activity in the last steps, the newest counting most.
  glow(node, step) {
    const { facts, nNetworkSteps, rowsOf } = this.shown;
    let sum = 0;
    const last = Math.min(nNetworkSteps, (step + 1) * facts.steps_per_action) - 1;
    for (const row of rowsOf[node])
      for (let back = 0; back < 4 && last - back >= 0; back++) sum += this.shown.active(last - back, row) * 0.55 ** back;
    return Math.min(1, sum / Math.max(1, rowsOf[node].length));
  }

  moment(step) {
    const { pen, width, height, shown } = this, focus = shown.focus.node, near = shown.near(focus);
    pen.clearRect(0, 0, width, height);
    pen.drawImage(this.still, 0, 0, width, height);
    const [ink, good] = [colour("ink"), colour("good")];
    const shades = { 1: colour("exc"), "-1": colour("inh"), 0: colour("grey") };
    shown.wiring.names.forEach((name, node) => {
      const light = this.glow(node, step), row = shown.rowsOf[node][0];
      pen.beginPath();
      pen.arc(this.px[node], this.py[node], 2.5 + 4 * light, 0, 7);
      pen.fillStyle = light > 0.02 && row !== undefined ? shades[shown.facts.rows.signs[row]] : ink;
      pen.globalAlpha = focus < 0 || near.has(node) || node === focus ? 0.45 + 0.55 * light : 0.2;
      pen.fill();
      if (node === focus || near.has(node)) { pen.globalAlpha = 1; pen.lineWidth = node === focus ? 3 : 1; pen.strokeStyle = good; pen.stroke(); }
    });
    pen.globalAlpha = 1;
  }

  nodeAt(x, y) {
    let best = -1, least = 14 ** 2;
    this.px.forEach((px, node) => {
      const far = (px - x) ** 2 + (this.py[node] - y) ** 2;
      if (far < least) { least = far; best = node; }
    });
    return best;
  }
}
