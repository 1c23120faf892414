// Pictures with time to the right: the activity of all rows, and the joint angles.

// A pixel as canvases keep it: red, green, blue and opacity in the bytes of a number.
const pixel = ([red, green, blue], opacity) =>
  ((Math.round(255 * opacity) << 24) | (blue << 16) | (green << 8) | red) >>> 0;

// Draw a picture of (rows, steps); `paint` gives the pixel of a row over some steps.
function drawRows(canvas, n, nSteps, paint) {
  const { pen, width, height } = fit(canvas), wide = Math.min(canvas.width, nSteps);
  const image = new ImageData(wide, n), pixels = new Uint32Array(image.data.buffer);
  for (let row = 0; row < n; row++)
    for (let column = 0; column < wide; column++) {
      const first = Math.floor(column * nSteps / wide), last = Math.max(first + 1, Math.floor((column + 1) * nSteps / wide));
      pixels[row * wide + column] = paint(row, first, last);
    }
  const small = document.createElement("canvas");
  small.width = wide; small.height = n;
  small.getContext("2d").putImageData(image, 0, 0);
  pen.imageSmoothingEnabled = n > canvas.height; // else a row may fall between two pixels
  pen.drawImage(small, 0, 0, width, height);
}

class RasterPanel {
  constructor(shown, box, names) {
    Object.assign(this, { shown, box, names });
  }

  layout() {
    const { shown } = this, { facts, nRows } = shown;
    const shades = { 1: rgb(colour("exc")), "-1": rgb(colour("inh")), 0: rgb(colour("ink")) };
    drawRows(this.box.querySelector("canvas"), nRows, shown.nNetworkSteps, (row, first, last) => {
      let sum = 0;
      for (let step = first; step < last; step++) sum += shown.active(step, row);
      // the root, so that a single spike in a pixel of many steps is seen
      return sum ? pixel(shades[facts.rows.signs[row]], Math.sqrt(sum / (last - first))) : 0;
    });
    const height = this.box.clientHeight;
    this.names.replaceChildren();
    let used = -20;
    for (const [name, first, last] of facts.rows.groups) {
      const y = (first + last) / 2 / nRows * height;
      if (y - used < 13) continue;
      used = y;
      label(this.names, name, y);
    }
  }

  // Frame the row in focus.
  mark() {
    const { row } = this.shown.focus, bar = this.box.querySelector(".row"), height = this.box.clientHeight / this.shown.nRows;
    bar.style.display = row < 0 ? "none" : "block";
    bar.style.transform = `translateY(${row * height}px)`;
    bar.style.height = `${Math.max(1, height)}px`;
  }

  rowAt(y) {
    const row = Math.floor(y / this.box.clientHeight * this.shown.nRows);
    return Math.max(0, Math.min(this.shown.nRows - 1, row));
  }
}

class KymographPanel {
  constructor(shown, box, names) {
    Object.assign(this, { shown, box, names });
  }

  layout() {
    const { facts, arrays } = this.shown, n = facts.joints.length, { angles } = arrays;
    this.box.hidden = this.names.hidden = this.box.nextElementSibling.hidden = !n || !angles;
    if (this.box.hidden) return;
    let largest = 1e-9;
    for (const angle of angles) largest = Math.max(largest, Math.abs(angle));
    const ends = [rgb(colour("below")), rgb(colour("above"))];
    const canvas = this.box.querySelector("canvas");
    drawRows(canvas, n, facts.n_steps, (row, first) => {
      const angle = angles[first * n + row] / largest;
      return pixel(ends[angle > 0 ? 1 : 0], Math.abs(angle));
    });
    const height = this.box.clientHeight;
    this.names.replaceChildren();
    facts.joints.forEach((name, row) => label(this.names, name, (row + 0.5) / n * height));
    const degrees = (largest * 180 / Math.PI).toFixed(0);
    canvas.setAttribute("aria-label", `joint angles over time, up to ${degrees} degrees`);
    this.box.nextElementSibling.querySelector("span").textContent = `${degrees}\u00b0`;
    this.box.nextElementSibling.querySelector("b").textContent = `\u2212${degrees}\u00b0`;
  }
}
