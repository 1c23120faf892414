// One episode in all its panels, with the pointer and the keyboard in them.

class View {
  // `box` is a copy of the template; `act` has `jump(step)` and `focused()`.
  constructor(shown, box, act) {
    Object.assign(this, { shown, box, act });
    const part = (name) => box.querySelector(name);
    part(".heading").textContent = shown.facts.heading || "";
    part(".words").textContent = shown.facts.words || "";
    this.raster = new RasterPanel(shown, part(".raster"), part(".group-names"));
    this.kymograph = new KymographPanel(shown, part(".kymograph"), part(".joint-names"));
    const kind = shown.facts.rates ? RatesPanel : shown.frames ? PicturePanel : BodyPanel;
    this.body = new kind(shown, part(".body"));
    this.panels = [this.body, this.raster, this.kymograph];
    if (part(".wiring")) this.panels.push(this.wiring = new WiringPanel(shown, part(".wiring")));
    this.listen();
  }

  sizeChanged() {
    return this.size !== [this.raster.box.clientWidth, this.raster.box.clientHeight].join();
  }

  layout() {
    this.size = [this.raster.box.clientWidth, this.raster.box.clientHeight].join();
    for (const panel of this.panels) panel.layout();
    this.raster.mark();
    this.show(state.step);
  }

  show(step) {
    const { n_steps } = this.shown.facts, here = Math.min(step, n_steps - 1);
    this.body.moment(here);
    if (this.wiring) this.wiring.moment(here);
    const share = (here + 0.5) / n_steps;
    for (const cursor of this.box.querySelectorAll(".cursor"))
      cursor.style.transform = `translateX(${share * cursor.parentElement.clientWidth - 1}px)`;
  }

  focusOn(row, node) {
    const { focus } = this.shown;
    if (row === focus.row && node === focus.node) return;
    Object.assign(focus, { row, node });
    if (this.wiring) {
      this.wiring.layout();
      this.wiring.moment(state.step);
    }
    this.body.moment(Math.min(state.step, this.shown.facts.n_steps - 1));
    this.raster.mark();
    this.act.focused(this.words());
  }
  focusRow(row) {
    this.focusOn(row, row < 0 ? -1 : this.shown.wiring.node[row]);
  }
  focusNode(node) {
    const rows = node < 0 ? [] : this.shown.rowsOf[node];
    this.focusOn(rows.length ? rows[0] : -1, node);
  }

  // What is known of the cell or type in focus.
  words() {
    const { facts, wiring, partners, focus: { row, node } } = this.shown, words = [];
    if (row >= 0) {
      const sign = { 1: "excitatory", "-1": "inhibitory", 0: "no outgoing edges" }[facts.rows.signs[row]];
      const mean = this.shown.mean(row);
      const spikes = !facts.graded && facts.dt;
      const rate = spikes ? `${(mean * facts.steps_per_action / facts.dt).toFixed(1)} spikes/s` : `${mean.toPrecision(3)} ${facts.unit}`;
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
    return words.join("; ");
  }

  listen() {
    for (const panel of [this.raster, this.kymograph]) {
      const { box } = panel;
      const there = (event) => this.act.jump((event.clientX - box.getBoundingClientRect().left) / box.clientWidth * this.shown.facts.n_steps);
      box.addEventListener("pointerdown", (event) => { there(event); box.setPointerCapture(event.pointerId); });
      box.addEventListener("pointermove", (event) => {
        if (event.buttons & 1) there(event);
        if (panel === this.raster) this.focusRow(panel.rowAt(event.clientY - box.getBoundingClientRect().top));
      });
      box.addEventListener("pointerleave", () => this.focusOn(-1, -1));
    }
    if (!this.wiring) return;
    const { canvas } = this.wiring, { nRows } = this.shown;
    canvas.addEventListener("pointermove", (event) => {
      const place = canvas.getBoundingClientRect();
      this.focusNode(this.wiring.nodeAt(event.clientX - place.left, event.clientY - place.top));
    });
    canvas.addEventListener("pointerleave", () => this.focusOn(-1, -1));
    canvas.addEventListener("keydown", (event) => {
      const move = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
      if (!move) return;
      event.preventDefault();
      const { row } = this.shown.focus;
      this.focusRow((row + move + (row < 0 && move < 0 ? 1 : 0) + nRows) % nRows);
    });
  }
}
