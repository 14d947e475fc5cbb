// Ranks and links of a cluster, where the server runs on one.

import { el } from "./dom.js";
import { short, time } from "./plot.js";

const parts = [["computing", "k1"], ["waiting", "k2"], ["moving", "k5"], ["reducing", "k6"]];
const mib = bytes => bytes < 2 ** 30 ? `${short(bytes / 2 ** 20)} MiB` : `${(bytes / 2 ** 30).toFixed(1)} GiB`;
const percent = share => `${Math.round(share * 100)} %`;
const rate = bytes => bytes < 1e6 ? `${short(bytes / 1e3)} kB/s` : `${short(bytes / 1e6)} MB/s`;

/** Draws the panel; hides it on one machine. */
export function drawCluster(panel, ranks, links, cluster) {
  panel.hidden = !cluster;
  if (!cluster) return;
  ranks.replaceChildren(...cluster.ranks.map(card));
  const head = ["Link", "Round trip", "Sent", "Received", "Waits, p50", "p99", "Sent again"];
  const end = rank => rank === null ? "root" : `rank ${rank}`;
  links.replaceChildren(
    el("thead", {}, el("tr", {}, head.map((text, i) => el("th", { class: i ? "num" : null, scope: "col" }, text)))),
    el("tbody", {}, cluster.links.map(link => el("tr", {}, el("th", { scope: "row" }, `${end(link.from)} – ${end(link.to)}`),
      ...[link.rtt ? time(link.rtt) : "", rate(link.sent), rate(link.received), time(link.waitP50), time(link.waitP99), link.resent]
        .map(text => el("td", { class: "num" }, text))))));
}

/** A part of a bar; the page's policy forbids style attributes. */
function share(kind, part) {
  const piece = el("i", { class: kind });
  piece.style.width = `${part * 100}%`;
  return piece;
}

function card(rank) {
  const state = rank.state === "running" ? "writing" : ["silent", "failed"].includes(rank.state) ? "failed" : "waiting";
  const said = parts.map(([name]) => `${percent(rank[name])} ${name}`).join(", ");
  const layers = rank.layerEnd - rank.layerFirst === 1 ? `layer ${rank.layerFirst}` : `layers ${rank.layerFirst} to ${rank.layerEnd - 1}`;
  return el("article", { "data-rank": rank.rank },
    el("h3", {}, el("span", {}, `Rank ${rank.rank}`), el("span", { class: `state ${state}` }, rank.state)),
    el("p", { class: "host" }, rank.address),
    el("p", { class: "note" }, `Stage ${rank.stage}, ${layers}`),
    el("div", { class: "shares", role: "img", "aria-label": said, title: said },
      parts.map(([name, kind]) => share(kind, rank[name]))),
    rank.memory ? el("p", { class: "note" }, `${percent(rank.computing)} computing, ${short(rank.tokensPerSecond)} tok/s`) : "",
    rank.memory ? el("p", { class: "note" }, `${mib(rank.memory)}: weights ${mib(rank.weights)}, cache ${mib(rank.kv)}`) : "",
    rank.problem ? el("p", { class: "wrong" }, rank.problem) : "");
}
