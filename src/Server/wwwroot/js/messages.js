// How a message looks. An assistant's message has variants, one for each time it was asked for.

import { copy, el, icon, iconButton } from "./dom.js";
import { render } from "./markdown.js";

/** An answer before its first word: stopped, until its end is told. */
export const emptyAnswer = () => ({ content: "", reasoning: "", calls: [], finish: "stopped", stats: null, error: null });

/** The answer of a message that is shown now. */
export const shown = message => message.variants[message.chosen];

/**
 * Draws one message.
 * @param acts what its buttons do: regenerate, edit, choose(step), answerCall(call, result), retry
 * @returns its element with an update() that redraws what changed
 */
export function draw(message, acts) {
  return message.role === "user" ? drawUser(message, acts) : drawAssistant(message, acts);
}

function drawUser(message, acts) {
  const body = el("div", { class: "body" }, message.content);
  const element = el("li", { class: "message user", "aria-label": "You" }, body, el("div", { class: "acts" },
    iconButton("edit", "Edit this message", () => edit()), iconButton("copy", "Copy this message", () => copy(message.content))));
  const edit = () => {
    const close = () => element.querySelector(".editor").replaceWith(body);
    const area = el("textarea", { value: message.content, rows: Math.min(12, message.content.split("\n").length + 1), "aria-label": "Edit your message" });
    const send = () => { if (area.value.trim()) acts.edit(area.value.trim()); };
    area.addEventListener("keydown", event => {
      if (event.key === "Escape") { event.stopPropagation(); close(); }
      if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); send(); }
    });
    body.replaceWith(el("div", { class: "editor" }, area, el("footer", {},
      el("button", { type: "button", onclick: close }, "Cancel"),
      el("button", { type: "button", class: "primary", onclick: send }, "Send"))));
    area.focus();
  };
  return Object.assign(element, { update() {}, edit });
}

function drawAssistant(message, acts) {
  const thoughts = el("details", { class: "fold thoughts", hidden: true });
  const body = el("div", { class: "body" });
  const calls = el("div", {});
  const fault = el("div", { class: "fault", role: "alert", hidden: true });
  const bar = el("div", { class: "acts" });
  const element = el("li", { class: "message assistant", "aria-label": "Assistant" }, thoughts, body, calls, fault, bar);
  const parts = { element, thoughts, body, calls, fault, bar };
  body.addEventListener("click", copyCode);
  thoughts.addEventListener("click", copyCode);
  element.update = isBusy => update(message, parts, acts, isBusy);
  element.update(false);
  return element;
}

function copyCode(event) {
  const button = event.target.closest("[data-copy]");
  if (button) copy(button.closest(".code-block").querySelector("code").textContent);
}

function update(message, parts, acts, isBusy) {
  const answer = shown(message);
  parts.element.classList.toggle("busy", isBusy);
  parts.element.setAttribute("aria-busy", String(isBusy));
  updateThoughts(answer, parts.thoughts, isBusy);
  render(parts.body, answer.content);
  updateCalls(message, answer, parts.calls, acts, isBusy);
  parts.fault.hidden = !answer.error;
  if (answer.error)
    parts.fault.replaceChildren(el("span", {}, answer.error), el("button", { type: "button", onclick: acts.regenerate }, "Try again"));
  if (!isBusy) updateBar(message, answer, parts.bar, acts);
}

function updateThoughts(answer, fold, isBusy) {
  fold.hidden = !answer.reasoning;
  if (!answer.reasoning) return;
  if (!fold.firstChild) fold.append(el("summary", {}), el("div", { class: "inside body" }));
  const isThinking = isBusy && !answer.content;
  fold.firstChild.replaceChildren(icon("thought"), isThinking ? "Thinking ..." : "Thoughts");
  render(fold.lastChild, answer.reasoning);
  // Open while it thinks, closed when the answer begins, and the reader's own choice after that.
  const phase = isThinking ? "thinking" : "done";
  if (fold.dataset.phase !== phase) {
    fold.open = isThinking;
    fold.dataset.phase = phase;
  }
}

function updateCalls(message, answer, place, acts, isBusy) {
  const drawn = JSON.stringify([answer.calls, isBusy]);
  if (place.dataset.drawn === drawn) return;
  place.dataset.drawn = drawn;
  place.replaceChildren(...answer.calls.map(call => {
    const result = call.result === undefined && !isBusy
      ? resultForm(call, acts)
      : call.result !== undefined && el("div", { class: "result" }, call.result);
    const pre = el("div", { class: "code-block" }, el("pre", {}, el("code", {}, pretty(call.arguments))));
    return el("details", { class: "fold call", open: true },
      el("summary", {}, icon("tool"), "Calls ", el("code", { class: "name" }, call.name)),
      el("div", { class: "inside" }, pre, result));
  }));
}

function resultForm(call, acts) {
  const input = el("input", { type: "text", placeholder: "What the tool returns", "aria-label": `Result of ${call.name}` });
  return el("form", { onsubmit: event => { event.preventDefault(); acts.answerCall(call, input.value); } },
    input, el("button", { type: "submit" }, "Send result"));
}

function pretty(json) {
  try { return JSON.stringify(JSON.parse(json), null, 2); } catch { return json; }
}

function updateBar(message, answer, bar, acts) {
  const count = message.variants.length;
  bar.replaceChildren(
    count > 1 && el("span", { class: "variants" },
      iconButton("left", "Earlier answer", () => acts.choose(-1)),
      el("span", { "aria-label": `Answer ${message.chosen + 1} of ${count}` }, `${message.chosen + 1}/${count}`),
      iconButton("right", "Later answer", () => acts.choose(1))) || "",
    answer.content ? iconButton("copy", "Copy this answer", () => copy(answer.content)) : "",
    iconButton("again", "Ask again for this answer", acts.regenerate),
    el("span", { class: "stats" }, figures(answer).map(text => el("span", {}, text))));
}

/** What an answer took, in the words of the page. */
function figures({ stats, finish, error }) {
  if (!stats) return finish === "stopped" && !error ? ["stopped"] : [];
  return [
    stats.speed !== null && `${stats.speed >= 100 ? Math.round(stats.speed).toLocaleString("en") : stats.speed.toFixed(1)} tok/s`,
    `first token ${stats.ttft < 1 ? `${Math.round(stats.ttft * 1000)} ms` : `${stats.ttft.toFixed(2)} s`}`,
    `${stats.tokens} token${stats.tokens === 1 ? "" : "s"}`,
    stats.cached > 0 && `${stats.cached} of ${stats.prompt} prompt tokens cached`,
    finish === "length" && "cut at the limit",
    finish === "stopped" && !error && "stopped",
  ].filter(Boolean);
}
