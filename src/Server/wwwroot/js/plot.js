// Plots on a canvas: lines over time, dots over time, sparks. Colours are the page's own, read when they are drawn.

import { el } from "./dom.js";

const colour = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/** A canvas that is as sharp as the screen; draw is called with (context, width, height) in CSS pixels. */
function surface(canvas, draw) {
  const { width, height } = canvas.getBoundingClientRect();
  if (!width) return;
  const scale = devicePixelRatio || 1;
  if (canvas.width !== Math.round(width * scale) || canvas.height !== Math.round(height * scale)) {
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
  }
  const context = canvas.getContext("2d");
  context.setTransform(scale, 0, 0, scale, 0, 0);
  context.clearRect(0, 0, width, height);
  draw(context, width, height);
}

/** The step between lines of a scale: 1, 2 or 5 times a power of ten, about `count` of them up to `max`. */
function step(max, count) {
  const rough = max / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  return [1, 2, 5, 10].map(factor => factor * power).find(one => one >= rough);
}

/** A number in few letters: 0.25, 3.1, 42, 12.3k. */
export function short(value) {
  if (value >= 1_000_000) return `${(value / 1e6).toFixed(value >= 1e8 ? 0 : 2)}M`;
  if (value >= 10_000) return `${(value / 1000).toFixed(value >= 100_000 ? 0 : 1)}k`;
  if (value >= 100 || Number.isInteger(value)) return Math.round(value).toLocaleString("en");
  return value >= 10 ? value.toFixed(1) : String(Number(value.toPrecision(2)));
}

/** Seconds as a person says them: 340 µs, 12 ms, 1.4 s, 3 min. */
export function time(seconds) {
  if (seconds === null || seconds === undefined) return "";
  if (seconds < 0.001) return `${Math.round(seconds * 1e6)} µs`;
  if (seconds < 1) return `${seconds < 0.01 ? (seconds * 1000).toFixed(1) : Math.round(seconds * 1000)} ms`;
  if (seconds < 100) return `${seconds < 10 ? seconds.toFixed(2) : seconds.toFixed(1)} s`;
  return seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}

/** A small filled line without axes. */
export function spark(canvas, values, name, max = 0) {
  surface(canvas, (context, width, height) => {
    if (values.length < 2) return;
    const top = Math.max(max, ...values) || 1;
    const x = i => i / (values.length - 1) * width;
    const y = value => height - 2 - value / top * (height - 6);
    context.beginPath();
    values.forEach((value, i) => context.lineTo(x(i), y(value)));
    context.strokeStyle = colour(name);
    context.lineWidth = 1.5;
    context.stroke();
    context.lineTo(width, height);
    context.lineTo(0, height);
    context.globalAlpha = 0.13;
    context.fillStyle = colour(name);
    context.fill();
  });
}

/** How much time a plot shows: little while little has happened, ten minutes in the end. */
export const span = seconds => [120, 180, 300].find(one => seconds <= one) ?? 600;

/** A plot with axes in an element: time at the bottom, what `paint` draws above, a tip under the pointer. */
class Plot {
  constructor(into, label) {
    this.canvas = el("canvas", { role: "img", "aria-label": label, tabindex: "0" });
    this.tip = el("div", { class: "tip" });
    this.seconds = span(0);
    this.label = label;
    this.pointer = null;
    into.append(this.canvas, this.tip);
    this.canvas.addEventListener("pointermove", event => this.point(event.offsetX, event.offsetY));
    this.canvas.addEventListener("pointerleave", () => this.point(null));
    this.canvas.addEventListener("blur", () => this.point(null));
    // The same reading without a pointer: arrows walk through time.
    this.canvas.addEventListener("keydown", event => {
      const move = { ArrowLeft: -8, ArrowRight: 8 }[event.key];
      if (!move) return;
      event.preventDefault();
      const { width } = this.canvas.getBoundingClientRect();
      this.point(Math.min(width, Math.max(0, (this.pointer?.x ?? width) + move)), 20);
    });
    new ResizeObserver(() => this.draw()).observe(into);
  }

  point(x, y) {
    this.pointer = x === null ? null : { x, y };
    this.draw();
  }

  draw() {
    surface(this.canvas, (context, width, height) => {
      const area = { left: 44, right: width - 8, top: 8, bottom: height - 22 };
      const scale = this.scale();
      area.x = ago => area.right - ago / this.seconds * (area.right - area.left);
      area.y = value => area.bottom - scale.at(value) * (area.bottom - area.top);
      axes(context, area, scale, this.seconds);
      this.paint(context, area);
      const told = this.pointer && this.tell(context, area);
      this.tip.classList.toggle("shown", Boolean(told));
      if (!told) return;
      this.tip.replaceChildren(...told.lines.map(line => el("div", {}, line)));
      const left = Math.min(told.x + 12, width - this.tip.offsetWidth - 4);
      this.tip.style.transform = `translate(${Math.max(0, left)}px, ${Math.max(0, told.y - this.tip.offsetHeight - 6)}px)`;
    });
  }
}

function axes(context, area, scale, seconds) {
  context.font = `11px ${colour("--sans")}`;
  context.lineWidth = 1;
  context.textAlign = "right";
  context.textBaseline = "middle";
  for (const mark of scale.marks) {
    const y = Math.round(area.y(mark)) + 0.5;
    context.strokeStyle = colour("--line");
    context.beginPath();
    context.moveTo(area.left, y);
    context.lineTo(area.right, y);
    context.stroke();
    context.fillStyle = colour("--ink-3");
    context.fillText(scale.say(mark), area.left - 7, y);
  }
  context.textAlign = "center";
  context.textBaseline = "top";
  const every = seconds > 400 ? 120 : seconds > 150 ? 60 : 30;
  for (let ago = 0; ago <= seconds; ago += every) {
    const text = ago === 0 ? "now" : ago < 60 ? `${ago} s` : `${ago / 60} min`;
    const half = context.measureText(text).width / 2;
    context.fillText(text, Math.min(area.x(ago), area.right - half), area.bottom + 7);
  }
}

/** Lines over time. Series: { name, label, say }; values arrive by `show`. */
export class Lines extends Plot {
  constructor(into, label, series) {
    super(into, label);
    this.series = series;
    this.values = series.map(() => []);
  }

  /** Values of each series, one a second, the newest last. */
  show(values) {
    this.values = values;
    this.seconds = span(values[0].length);
    const latest = this.series.map((one, i) => `${one.label} ${short(values[i].at(-1) ?? 0)}`).join(", ");
    this.canvas.setAttribute("aria-label", `${this.label}; now ${latest}`);
    this.draw();
  }

  scale() {
    const max = Math.max(1, ...this.values.flat()) * 1.08;
    const each = step(max, 4);
    const top = Math.ceil(max / each) * each;
    return { at: value => value / top, say: short, marks: Array.from({ length: Math.round(top / each) + 1 }, (_, i) => i * each) };
  }

  paint(context, area) {
    this.series.forEach((one, index) => {
      const values = this.values[index];
      if (!values.length) return;
      const first = area.x(values.length - 1);
      context.beginPath();
      values.forEach((value, i) => context.lineTo(area.x(values.length - 1 - i), area.y(value)));
      context.strokeStyle = colour(one.name);
      context.lineWidth = 1.8;
      context.lineJoin = "round";
      context.stroke();
      context.lineTo(area.right, area.bottom);
      context.lineTo(first, area.bottom);
      context.globalAlpha = 0.1;
      context.fillStyle = colour(one.name);
      context.fill();
      context.globalAlpha = 1;
    });
  }

  tell(context, area) {
    const ago = Math.round((area.right - this.pointer.x) / (area.right - area.left) * this.seconds);
    const length = this.values[0].length;
    if (ago < 0 || ago >= length) return null;
    const x = area.x(ago);
    context.strokeStyle = colour("--ink-3");
    context.beginPath();
    context.moveTo(x, area.top);
    context.lineTo(x, area.bottom);
    context.stroke();
    const lines = [ago === 0 ? "now" : `${time(ago)} ago`];
    this.series.forEach((one, i) => {
      const value = this.values[i][length - 1 - ago];
      context.fillStyle = colour(one.name);
      context.beginPath();
      context.arc(x, area.y(value), 3.5, 0, 7);
      context.fill();
      lines.push(`${one.label} ${short(value)}`);
    });
    return { x, y: Math.max(70, this.pointer.y), lines };
  }
}

/** Dots over time on a logarithmic scale of seconds. Dots: { ago, value, lines, isBad }. */
export class Dots extends Plot {
  dots = [];

  show(dots, seconds) {
    this.dots = dots;
    this.seconds = span(seconds);
    this.canvas.setAttribute("aria-label", `${this.label}; ${dots.length} requests`);
    this.draw();
  }

  scale() {
    const values = this.dots.map(dot => dot.value).filter(value => value > 0);
    const low = Math.floor(Math.log10(Math.min(0.01, ...values)));
    const high = Math.max(low + 1, Math.ceil(Math.log10(Math.max(0.1, ...values))));
    return {
      at: value => (Math.log10(Math.max(value, 10 ** low)) - low) / (high - low), say: time,
      marks: Array.from({ length: high - low + 1 }, (_, i) => 10 ** (low + i)),
    };
  }

  paint(context, area) {
    for (const dot of this.dots) {
      context.globalAlpha = 0.72;
      context.fillStyle = colour(dot.isBad ? "--warn" : "--series-1");
      context.beginPath();
      context.arc(area.x(dot.ago), area.y(dot.value), 3.2, 0, 7);
      context.fill();
    }
    context.globalAlpha = 1;
  }

  tell(context, area) {
    let best = null, distance = 26;
    for (const dot of this.dots) {
      const here = Math.hypot(area.x(dot.ago) - this.pointer.x, area.y(dot.value) - this.pointer.y);
      if (here < distance) [best, distance] = [dot, here];
    }
    if (!best) return null;
    const [x, y] = [area.x(best.ago), area.y(best.value)];
    context.strokeStyle = colour("--ink");
    context.lineWidth = 1.5;
    context.beginPath();
    context.arc(x, y, 5.5, 0, 7);
    context.stroke();
    return { x, y, lines: best.lines };
  }
}

/** The blocks of a KV cache as cells; a cell is several blocks where there are more blocks than room. */
export function drawBlocks(canvas, states) {
  const width = canvas.getBoundingClientRect().width || 300;
  const cellsMax = 1600;
  const per = Math.max(1, Math.ceil(states.length / cellsMax));
  const cells = Math.ceil(states.length / per);
  const size = Math.max(7, Math.min(20, Math.floor(Math.sqrt(width * 290 / Math.max(1, cells)))));
  const across = Math.max(1, Math.floor(width / size));
  canvas.style.height = `${Math.ceil(cells / across) * size}px`;
  const colours = [colour("--paper-3"), colour("--cached"), colour("--series-1"), colour("--series-2")];
  surface(canvas, context => {
    for (let i = 0; i < cells; i++) {
      // A cell of several blocks shows the busiest of them.
      let state = 0;
      for (let j = i * per; j < Math.min(states.length, (i + 1) * per); j++) state = Math.max(state, states[j]);
      context.fillStyle = colours[state];
      context.beginPath();
      context.roundRect(i % across * size + 0.75, Math.floor(i / across) * size + 0.75, size - 1.5, size - 1.5, Math.min(3, size / 4));
      context.fill();
    }
  });
  return { per, size, across };
}
