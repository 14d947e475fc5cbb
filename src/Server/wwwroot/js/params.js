// What may be set for an answer, its form, and what is sent of it.

import { el } from "./dom.js";
import { setting } from "./store.js";

const fields = [
  { name: "system", label: "System prompt", kind: "text", value: "", why: "How the model should behave in every conversation." },
  { name: "temperature", label: "Temperature", kind: "range", min: 0, max: 2, step: 0.05, value: null, why: "0 always takes the most likely token." },
  { name: "top_p", label: "Top p", kind: "range", min: 0.01, max: 1, step: 0.01, value: null, why: "Only the likeliest tokens that together reach this share." },
  { name: "max_tokens", label: "Longest answer", kind: "number", min: 1, max: 1_000_000, value: null, why: "In tokens; empty means as long as the context allows." },
  { name: "top_k", label: "Top k", kind: "number", min: 0, max: 100_000, value: null, more: true, why: "Only the k likeliest tokens; 0 is off." },
  { name: "min_p", label: "Min p", kind: "range", min: 0, max: 1, step: 0.01, value: null, more: true, why: "Drops tokens less likely than this share of the likeliest." },
  { name: "repetition_penalty", label: "Repetition penalty", kind: "range", min: 0.5, max: 2, step: 0.01, value: null, more: true, why: "Above 1 makes repeating harder." },
  { name: "presence_penalty", label: "Presence penalty", kind: "range", min: -2, max: 2, step: 0.1, value: null, more: true },
  { name: "frequency_penalty", label: "Frequency penalty", kind: "range", min: -2, max: 2, step: 0.1, value: null, more: true },
  { name: "seed", label: "Seed", kind: "number", min: 0, max: 2 ** 53, value: null, more: true, why: "The same seed gives the same answer." },
  { name: "stop", label: "Stop texts", kind: "text", value: "", mono: true, more: true, why: "One a line; an answer ends before any of them." },
  { name: "thinking", label: "Let the model think first", kind: "check", value: null, more: true, why: "For models whose template knows enable_thinking." },
  { name: "tools", label: "Tools", kind: "text", value: "", mono: true, more: true, why: "A JSON list as in OpenAI's API. Calls are shown, and you answer them." },
];

let values = setting.get("parameters", {});

/** The value of one field: what was set, or its default. */
export const parameter = name => values[name] ?? fields.find(field => field.name === name).value;

/** Everything but the messages of a request's body. Fields that were not touched are left to the server. */
export function requestOf() {
  const request = {};
  for (const { name, kind } of fields)
    if ((kind === "range" || kind === "number") && values[name] != null) request[name] = values[name];
  const stop = parameter("stop").split("\n").filter(Boolean);
  if (stop.length) request.stop = stop;
  if (values.thinking != null) request.chat_template_kwargs = { enable_thinking: values.thinking };
  if (parameter("tools").trim()) request.tools = JSON.parse(parameter("tools"));
  return request;
}

/** What is wrong with the fields, as one sentence; null when nothing is. */
export function complaint() {
  if (!parameter("tools").trim()) return null;
  try {
    return Array.isArray(JSON.parse(parameter("tools"))) ? null : "Tools must be a JSON list.";
  } catch (error) {
    return `Tools are no JSON: ${error.message}`;
  }
}

/** Draws the form into an element. */
export function show(into) {
  const draw = () => into.replaceChildren(
    ...fields.filter(field => !field.more).map(row),
    el("details", { open: fields.some(field => field.more && values[field.name] != null && values[field.name] !== "") },
      el("summary", {}, "More"), fields.filter(field => field.more).map(row)));
  draw();
  return { reset: () => { values = {}; setting.set("parameters", values); draw(); } };
}

function change(name, value) {
  values = { ...values, [name]: value };
  setting.set("parameters", values);
}

function row(field) {
  const id = `p-${field.name}`;
  const why = field.why && el("p", { class: "why", id: `${id}-why` }, field.why);
  const about = { id, "aria-describedby": why ? `${id}-why` : null };
  if (field.kind === "check") {
    return el("div", {}, el("label", { class: "check" },
      el("input", { ...about, type: "checkbox", checked: values[field.name] ?? true, onchange: e => change(field.name, e.target.checked) }),
      field.label), why);
  }
  if (field.kind === "text") {
    return el("div", {}, el("label", { for: id }, field.label), el("textarea", {
      ...about, class: field.mono ? "mono" : null, value: parameter(field.name), spellcheck: !field.mono ? null : "false",
      oninput: e => change(field.name, e.target.value),
    }), why);
  }
  if (field.kind === "number") {
    return el("div", {}, el("label", { for: id }, field.label), el("input", {
      ...about, type: "number", min: field.min, max: field.max, placeholder: "model's own", value: values[field.name] ?? "",
      oninput: e => change(field.name, e.target.value === "" || !e.target.checkValidity() ? null : Number(e.target.value)),
    }), why);
  }
  return range(field, about, why);
}

/** A slider that begins untouched: until it is moved, the model's own default holds. */
function range(field, about, why) {
  const said = () => values[field.name] ?? "model's own";
  const output = el("output", { for: about.id }, said());
  const middle = { temperature: 1, top_p: 1, repetition_penalty: 1 }[field.name] ?? 0;
  const slider = el("input", {
    ...about, type: "range", min: field.min, max: field.max, step: field.step,
    oninput: e => { change(field.name, Number(e.target.value)); output.value = said(); },
    ondblclick: e => { change(field.name, null); e.target.value = middle; output.value = said(); },
  });
  slider.value = values[field.name] ?? middle;
  return el("div", {}, el("div", { class: "row" }, el("label", { for: about.id }, field.label), output), slider, why);
}
