// The live page: asks /live.json once a second and draws what it says.

import { ask } from "./api.js";
import { el } from "./dom.js";
import { askForKey } from "./key.js";
import { Dots, drawBlocks, Lines, short, spark, time } from "./plot.js";
import { drawCluster } from "./cluster.js";

const $ = id => document.getElementById(id);
const windowSeconds = 600;
const blockStates = ["free", "cached", "in use", "shared"];

const names = ["out", "in", "running", "waiting", "kv", "hits"];
const samples = Object.fromEntries(names.map(name => [name, []]));
let next = 0, nextEnded = 0, ended = [], offset = 0;

const tokens = new Lines($("plot-tokens"), "Tokens per second over the last minutes",
  [{ name: "--series-2", label: "prompt" }, { name: "--series-1", label: "generated" }]);
const batch = new Lines($("plot-batch"), "Sequences running and waiting over the last minutes",
  [{ name: "--series-2", label: "waiting" }, { name: "--series-1", label: "running" }]);
const latency = new Dots($("plot-latency"), "Time to first token of each request");

const tiles = {};
for (const [name, title, series] of [["out", "Generated", "--series-1"], ["in", "Prompts", "--series-2"],
  ["running", "Running", "--series-1"], ["waiting", "Waiting", "--series-2"], ["kv", "KV cache", "--series-3"],
  ["hits", "Prefix hits", "--series-3"]]) {
  const figure = el("span", { class: "figure" }, "0"), beside = el("span", { class: "beside" }), canvas = el("canvas", { "aria-hidden": "true" });
  tiles[name] = { figure, beside, canvas, series };
  $("tiles").append(el("article", { class: "tile" }, el("h2", {}, title), figure, beside, canvas));
}

const legend = (place, parts) => place.replaceChildren(...parts.map(([kind, text]) => el("span", { class: kind }, el("i"), text)));
legend($("legend-tokens"), [["k1", "generated"], ["k2", "prompt"]]);
legend($("legend-batch"), [["k1", "running"], ["k2", "waiting"]]);
legend($("legend-cluster"), [["k1", "computing"], ["k2", "waiting"], ["k5", "moving"], ["k6", "reducing"], ["k4", "idle"]]);
legend($("legend-kv"), [["k1", "in use"], ["k2", "shared"], ["k3", "cached"], ["k4", "free"]]);

async function load() {
  const live = await (await ask(`/live.json?since=${next}&ended=${nextEnded}`)).json();
  // A server that began again counts from 0 again.
  if (live.samples.first > next || live.samples.next < next) for (const name of names) samples[name] = [];
  next = live.samples.next;
  for (const name of names) samples[name] = [...samples[name], ...live.samples[name]].slice(-windowSeconds);
  if (live.ended.next < nextEnded) ended = [];
  nextEnded = live.ended.next;
  offset = live.now;
  ended = [...ended, ...live.ended.items].filter(one => one.at > live.now - windowSeconds).slice(-2000);
  return live;
}

function show(live) {
  document.body.dataset.status = live.status;
  $("status-text").textContent = `${live.models.map(model => model.name).join(", ") || "no model loaded"}, up ${time(live.now - live.started)}`;
  const sum = name => live.models.reduce((total, model) => total + model[name], 0);
  const latest = name => samples[name].at(-1) ?? 0;
  tile("out", short(latest("out")), "tok/s", `${short(sum("generatedTokens"))} in all`);
  tile("in", short(latest("in")), "tok/s", `${short(sum("promptTokens"))} in all`);
  tile("running", String(sum("running")), "", `of ${sum("sequencesMax")} at once`);
  tile("waiting", String(sum("waiting")), "", `of ${sum("queueMax")} that may`);
  tile("kv", percent(sum("usedBlocks"), sum("blocks")), "%", `${short(sum("blocks") * live.blockTokens)} tokens fit`, 1);
  tile("hits", percent(sum("cachedTokens"), sum("promptTokens")), "%", `${short(sum("cachedTokens"))} tokens saved`, 1);
  tokens.show([samples.in, samples.out]);
  batch.show([samples.waiting, samples.running]);
  showLatency(live.now);
  showBlocks(live);
  showRequests(live);
  drawCluster($("cluster"), $("ranks"), $("links"), live.cluster);
  $("foot").textContent = `Minka ${live.version}, ${short(live.memory / 2 ** 20)} MiB of memory`;
}

const percent = (part, whole) => whole ? (part / whole * 100).toFixed(part / whole < 0.0995 && part ? 1 : 0) : "0";

function tile(name, figure, unit, beside, max) {
  const own = tiles[name];
  own.figure.replaceChildren(figure, unit ? el("small", {}, unit) : "");
  own.beside.textContent = beside;
  spark(own.canvas, samples[name].slice(-180), own.series, max);
}

function showLatency(now) {
  latency.show(ended.filter(one => one.ttft !== null).map(one => ({
    ago: now - one.at, value: one.ttft, isBad: one.status >= 400,
    lines: [`first token ${time(one.ttft)}`, `${one.prompt} prompt tokens, ${one.cached} cached`, `${one.generated} generated in ${time(one.e2e)}`],
  })), samples.out.length);
  const row = (title, name) => {
    const values = ended.map(one => one[name]).filter(value => value !== null).sort((a, b) => a - b);
    const at = q => values.length ? time(values[Math.min(values.length - 1, Math.ceil(q * values.length) - 1)]) : "";
    return el("tr", {}, el("th", { scope: "row" }, title), [0.5, 0.9, 0.99].map(q => el("td", { class: "num" }, at(q))));
  };
  $("quantiles").replaceChildren(
    el("thead", {}, el("tr", {}, el("th", {}, ""), ["p50", "p90", "p99"].map(text => el("th", { class: "num", scope: "col" }, text)))),
    el("tbody", {}, row("In the queue", "queue"), row("First token made", "ttft"), row("First byte sent", "firstByte"),
      row("Each token after it", "tpot"), row("Whole request", "e2e")));
}

function showBlocks(live) {
  const place = $("blocks");
  if (place.childElementCount !== live.models.length)
    place.replaceChildren(...live.models.map(() => {
      const canvas = el("canvas", { role: "img" }), tip = el("div", { class: "tip" });
      const map = el("div", { class: "model-map" }, el("h3"), el("div", { class: "map" }, canvas, tip));
      canvas.addEventListener("pointermove", event => tellBlock(map, event));
      canvas.addEventListener("pointerleave", () => tip.classList.remove("shown"));
      return map;
    }));
  live.models.forEach((model, i) => {
    const map = place.children[i];
    map.states = model.map ? Uint8Array.from(atob(model.map), letter => letter.charCodeAt(0)) : new Uint8Array(model.blocks);
    if (!model.map) map.states.fill(2, 0, model.usedBlocks);
    const counts = blockStates.map((_, state) => map.states.reduce((count, one) => count + (one === state), 0));
    const text = `${counts[2] + counts[3]} in use, ${counts[1]} cached, ${counts[0]} free`;
    map.firstChild.replaceChildren(el("span", {}, model.name), el("span", {}, text));
    const canvas = map.querySelector("canvas");
    canvas.setAttribute("aria-label", `Blocks of the KV cache of ${model.name}: ${text}`);
    map.layout = drawBlocks(canvas, map.states);
  });
  if (!live.models.length) place.replaceChildren(el("p", { class: "empty" }, "No model is loaded."));
}

function tellBlock(map, event) {
  const { per, size, across } = map.layout;
  const column = Math.floor(event.offsetX / size);
  const first = (Math.floor(event.offsetY / size) * across + column) * per;
  const tip = map.querySelector(".tip");
  const isThere = column < across && first < map.states.length;
  tip.classList.toggle("shown", isThere);
  if (!isThere) return;
  const last = Math.min(map.states.length, first + per) - 1;
  const state = Math.max(...map.states.subarray(first, last + 1));
  tip.textContent = `${per > 1 ? `blocks ${first} to ${last}` : `block ${first}`}: ${blockStates[state]}`;
  const left = Math.min(event.offsetX + 12, event.target.clientWidth - tip.offsetWidth);
  tip.style.transform = `translate(${Math.max(0, left)}px, ${event.offsetY - 34}px)`;
}

function showRequests(live) {
  const head = ["Request", "Route", "State", "Age", "Prompt", "Cached", "Generated", "First token", "Speed"];
  const running = live.requests.map(one => row(one, one.state, one.age, ""));
  const over = ended.slice(-12).reverse().map(one =>
    row(one, one.status < 400 ? one.finish || "done" : `${one.status}`, one.e2e, one.status < 400 ? "over" : "over failed"));
  $("request-count").textContent = `${live.requests.length} in flight`;
  $("requests").replaceChildren(
    el("thead", {}, el("tr", {}, head.map((text, i) => el("th", { class: i > 2 ? "num" : null, scope: "col" }, text)))),
    el("tbody", {}, running, over));
  if (!running.length && !over.length)
    $("requests").replaceChildren(el("tbody", {}, el("tr", {}, el("td", { class: "empty" }, "None yet. Ask something on the chat page."))));
}

function row(one, state, age, kind) {
  const failed = kind.includes("failed") ? "failed" : state;
  const number = text => el("td", { class: "num" }, text);
  return el("tr", { class: kind.split(" ")[0] || null, "data-id": one.id },
    el("td", {}, el("code", {}, one.id.slice(0, 14))), el("td", {}, one.route), el("td", {}, el("span", { class: `state ${failed}` }, state)),
    number(time(age)), number(one.prompt.toLocaleString("en")), number(one.cached.toLocaleString("en")), number(one.generated.toLocaleString("en")),
    number(time(one.ttft)), number(one.tpot > 0 ? `${short(1 / one.tpot)} tok/s` : ""));
}

let last = null;
addEventListener("themechange", () => last && show(last));
addEventListener("resize", () => last && show(last));

for (let wasWrong = false; ;) {
  try {
    if (!document.hidden) show(last = await load());
    document.documentElement.dataset.ready = "true";
    wasWrong = false;
  } catch (error) {
    if (error.status === 401) {
      if (!await askForKey(wasWrong)) { $("status-text").textContent = error.message; break; }
      wasWrong = true;
      continue;
    }
    document.body.dataset.status = "lost";
    $("status-text").textContent = `${error.message} Trying again ...`;
  }
  await new Promise(resolve => setTimeout(resolve, 1000));
}
