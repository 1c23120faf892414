// A simulation: the rate of each row as a bar, the highest first.

class RatesPanel {
  constructor(shown, canvas) {
    Object.assign(this, { shown, canvas });
    canvas.setAttribute("aria-label", "mean rates of the most active cells or types");
  }

  layout() {
    Object.assign(this, fit(this.canvas));
  }

  // The share of the largest rate that a row has now: the mean over the last bins.
  now(step, row) {
    const first = Math.max(0, step - 7);
    let sum = 0;
    for (let bin = first; bin <= step; bin++) sum += this.shown.active(bin, row);
    return sum / (step - first + 1);
  }

  // Bars are means over the episode; the line in a bar is the rate now.
  moment(step) {
    const { pen, width, height, shown } = this, { rates, rows, largest } = shown.facts;
    const tall = 17, n = Math.min(rates.length, Math.floor((height - 16) / tall)), left = 110, wide = width - left - 150;
    const top = Math.max(rates[0][0] + rates[0][1], 1e-9);
    pen.clearRect(0, 0, width, height);
    pen.font = "12px system-ui, sans-serif";
    pen.fillStyle = colour("grey");
    pen.fillText(`rates; ${rows.label}`, 0, 11);
    for (let row = 0; row < n; row++) {
      const [mean, sd, size] = rates[row], y = 18 + row * tall;
      pen.globalAlpha = shown.focus.row < 0 || shown.focus.row === row ? 1 : 0.35;
      pen.fillStyle = signColour(rows.signs[row]);
      pen.fillRect(left, y, mean / top * wide, tall - 4);
      pen.fillStyle = colour("ink");
      pen.fillRect(left + Math.min(1, this.now(step, row) * largest / top) * wide, y - 1, 2, tall - 2);
      pen.textAlign = "right";
      pen.fillText(rows.names[row].slice(0, 16), left - 6, y + 11);
      pen.textAlign = "left";
      pen.fillStyle = colour("grey");
      const spread = sd > 0 ? ` \u00b1 ${sd.toPrecision(2)}` : "", cells = size > 1 ? `, n = ${size}` : "";
      pen.fillText(`${mean.toPrecision(3)}${spread} Hz${cells}`, left + wide + 8, y + 11);
    }
    pen.globalAlpha = 1;
  }
}

function simulationFigures(simulation) {
  $("score").textContent = simulation.summary;
  for (const part of [$("curve").parentElement, $("scores"), $("scores-title")]) part.setAttribute("hidden", "");
}
