// The picture that the task shows, its caption, and the outputs of the network as bars.

class PicturePanel {
  constructor(shown, canvas) {
    Object.assign(this, { shown, canvas });
    canvas.setAttribute("aria-label", "what the task shows, and the outputs of the network");
    this.most = shown.arrays.actions.reduce((a, b) => Math.max(a, Math.abs(b)), 1e-9);
  }

  layout() {
    Object.assign(this, fit(this.canvas));
  }

  moment(step) {
    const { pen, width, height, shown } = this, { every, captions } = shown.facts.pictures;
    const place = Math.min(shown.frames.length - 1, Math.floor(step / every)), frame = shown.frames[place];
    const bars = Math.min(110, width / 4), room = [width - bars - 16, height - (captions.length ? 24 : 0)];
    const scale = Math.min(room[0] / frame.width, room[1] / frame.height);
    const [w, h] = [frame.width * scale, frame.height * scale];
    pen.clearRect(0, 0, width, height);
    pen.imageSmoothingEnabled = scale < 3; // pixels of a small image stay squares
    pen.drawImage(frame, (room[0] - w) / 2, 0, w, h);
    pen.fillStyle = colour("ink");
    pen.font = "14px system-ui, sans-serif";
    pen.textAlign = "center";
    if (captions.length) pen.fillText(captions[place], room[0] / 2, height - 7);
    pen.textAlign = "left";
    this.outputs(step, width - bars, bars);
  }

  outputs(step, left, wide) {
    const { pen, height, shown } = this, { actions } = shown.arrays, n = shown.facts.arrays.actions.shape[1];
    const shownHere = Math.min(n, Math.floor((height - 20) / 12)), tall = Math.min(22, (height - 20) / shownHere);
    const values = actions.subarray(step * n, step * n + shownHere), largest = values.indexOf(Math.max(...values));
    pen.font = "11px system-ui, sans-serif";
    pen.fillStyle = colour("grey");
    pen.fillText(shownHere < n ? `outputs, ${shownHere} of ${n}` : "outputs", left, 10);
    values.forEach((value, i) => {
      const y = 16 + i * tall, middle = left + 14 + (wide - 14) / 2, long = value / this.most * (wide - 14) / 2;
      pen.fillStyle = colour("grey");
      pen.fillText(i, left, y + tall / 2 + 4);
      pen.fillStyle = colour(i === largest ? "good" : "grey");
      pen.fillRect(middle, y + 2, long, Math.max(2, tall - 4));
    });
  }
}
