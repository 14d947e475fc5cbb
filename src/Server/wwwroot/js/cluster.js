// Ranks and links of a cluster, where the server runs on one.

import { el } from "./dom.js";
import { short, time } from "./plot.js";

const gib = bytes => `${(bytes / 2 ** 30).toFixed(1)} GiB`;

/** Draws the panel; hides it on one machine. */
export function drawCluster(panel, ranks, links, cluster) {
  panel.hidden = !cluster;
  if (!cluster) return;
  ranks.replaceChildren(...cluster.ranks.map(rank => el("article", {},
    el("h3", {}, el("span", { class: `state ${rank.up ? "writing" : "failed"}` }, `Rank ${rank.rank}`)),
    el("p", {}, rank.what),
    rank.bytes ? el("p", { class: "note" }, `${gib(rank.bytes)} of weights and cache`) : "")));
  const head = ["Link", "Round trip", "Sent", "Received", "Waiting"];
  links.replaceChildren(
    el("thead", {}, el("tr", {}, head.map((text, i) => el("th", { class: i ? "num" : null, scope: "col" }, text)))),
    el("tbody", {}, cluster.links.map(link => el("tr", {}, el("th", { scope: "row" }, link.name),
      ...[time(link.rtt), `${short(link.sent / 2 ** 20)} MiB`, `${short(link.received / 2 ** 20)} MiB`, time(link.waited)]
        .map(text => el("td", { class: "num" }, text))))));
}
