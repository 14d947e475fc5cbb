// Markdown as models write it, into elements. Text from a model is never markup: every piece becomes a text node, and a
// link is a link only if it leads to http, https or mailto. HTML is shown as the text that it is.

import { el } from "./dom.js";
import { highlight } from "./highlight.js";

const fence = /^( {0,3})(`{3,}|~{3,})\s*([^`\s]*)[^`]*$/;
const heading = /^ {0,3}(#{1,6})\s+(.*?)\s*#*\s*$/;
const rule = /^ {0,3}([-*_])(?:\s*\1){2,}\s*$/;
const item = /^(\s*)([-*+]|\d{1,9}[.)])(?:\s+(.*)|)$/;
const quote = /^ {0,3}>\s?(.*)$/;
const divider = /^\s*\|?\s*:?-+:?\s*(?:\|\s*:?-+:?\s*)*\|?\s*$/;
const depthMax = 8;

/**
 * Shows markdown in an element. Called again with more text it keeps the blocks that did not change, so a growing answer
 * redraws its last block only and what a reader has selected stays selected.
 */
export function render(into, text) {
  const old = into.markdownBlocks ?? [];
  const blocks = split(text.replace(/\r\n?/g, "\n").split("\n"));
  let same = 0;
  while (same < old.length && same < blocks.length && old[same].source === blocks[same].source) same++;
  for (const block of old.slice(same)) block.element.remove();
  for (const block of blocks.slice(same)) into.append(block.element = build(block, 0));
  into.markdownBlocks = [...old.slice(0, same), ...blocks.slice(same)];
}

/** Lines into blocks: { kind, lines, source, ... }. */
function split(lines) {
  const blocks = [];
  let at = 0;
  const take = (kind, count, more = {}) => {
    const own = lines.slice(at, at + count);
    blocks.push({ kind, lines: own, source: `${kind}\n${own.join("\n")}`, ...more });
    at += count;
  };
  while (at < lines.length) {
    const line = lines[at];
    let match;
    if (!line.trim()) at++;
    else if ((match = fence.exec(line))) take("code", fenceLength(lines, at, match[2]), { language: match[3], indent: match[1].length });
    else if ((match = heading.exec(line))) take("heading", 1, { level: match[1].length, text: match[2] });
    else if (rule.test(line)) take("rule", 1);
    else if (quote.test(line)) take("quote", countWhile(lines, at, next => quote.test(next)));
    else if (item.test(line)) take("list", listLength(lines, at));
    else if (isTable(lines, at)) take("table", countWhile(lines, at, next => next.includes("|")));
    else take("paragraph", paragraphLength(lines, at));
  }
  return blocks;
}

function countWhile(lines, at, holds) {
  let count = 1;
  while (at + count < lines.length && holds(lines[at + count])) count++;
  return count;
}

function fenceLength(lines, at, mark) {
  const close = new RegExp(`^ {0,3}${mark[0]}{${mark.length},}\\s*$`);
  for (let i = at + 1; i < lines.length; i++) if (close.test(lines[i])) return i - at + 1;
  return lines.length - at;
}

function listLength(lines, at) {
  let count = 1;
  for (let i = at + 1; i < lines.length; i++) {
    const line = lines[i];
    const belongs = item.test(line) || /^\s{2,}\S/.test(line) || (line.trim() && lines[i - 1].trim() && !startsBlock(lines, i));
    if (line.trim() && (!belongs || rule.test(line))) break;
    if (line.trim()) count = i - at + 1;
    else if (i + 1 < lines.length && !lines[i + 1].trim()) break;
  }
  return count;
}

function paragraphLength(lines, at) {
  let count = 1;
  while (at + count < lines.length && lines[at + count].trim() && !startsBlock(lines, at + count)) count++;
  return count;
}

function startsBlock(lines, at) {
  const line = lines[at];
  return fence.test(line) || heading.test(line) || rule.test(line) || quote.test(line) || item.test(line) || isTable(lines, at);
}

function isTable(lines, at) {
  return at + 1 < lines.length && lines[at].includes("|") && lines[at + 1].includes("-") && divider.test(lines[at + 1])
    && cells(lines[at]).length === cells(lines[at + 1]).length;
}

function build(block, depth) {
  switch (block.kind) {
    case "heading": return el(`h${Math.min(block.level, 4)}`, {}, inline(block.text));
    case "rule": return el("hr");
    case "code": return codeBlock(block);
    case "quote": return el("blockquote", {}, nested(block.lines.map(line => quote.exec(line)[1]), depth));
    case "list": return list(block.lines, depth);
    case "table": return table(block.lines);
    default: return el("p", {}, inline(block.lines.join("\n").trim()));
  }
}

/** Blocks inside a block. Beyond a depth that no one writes they stay text, so hostile text cannot exhaust the stack. */
function nested(lines, depth) {
  if (depth >= depthMax) return [el("p", {}, lines.join("\n"))];
  return split(lines).map(block => build(block, depth + 1));
}

function codeBlock({ lines, language, indent }) {
  const isClosed = lines.length > 1 && /^ {0,3}(`{3,}|~{3,})\s*$/.test(lines.at(-1));
  const own = lines.slice(1, isClosed ? -1 : undefined).map(line => line.slice(Math.min(indent, line.search(/\S|$/))));
  const text = own.join("\n");
  const code = el("code");
  highlight(code, text, language);
  return el("div", { class: "code-block" },
    el("header", {}, el("span", {}, language || "text"), el("button", { type: "button", "data-copy": true }, "Copy")),
    el("pre", { tabindex: "0" }, code));
}

function list(lines, depth) {
  const first = item.exec(lines[0]);
  const indent = first[1].length;
  const ordered = /\d/.test(first[2]);
  const start = ordered ? parseInt(first[2], 10) : 1;
  const root = el(ordered ? "ol" : "ul", start !== 1 ? { start } : {});
  let own = [];
  let isLoose = false;
  const flush = () => { if (own.length) root.append(listItem(own, depth, isLoose)); own = []; };
  for (const line of lines) {
    const match = item.exec(line);
    if (match && match[1].length <= indent + 1) {
      flush();
      own = [match[3] ?? ""];
    } else {
      if (!line.trim()) isLoose = true;
      own.push(line.replace(/^\s{1,4}/, ""));
    }
  }
  flush();
  return root;
}

function listItem(lines, depth, isLoose) {
  const task = /^\[([ xX])\]\s+(.*)$/.exec(lines[0]);
  if (task) lines = [task[2], ...lines.slice(1)];
  let children = nested(lines, depth);
  // A tight item shows its first paragraph without the space of one.
  if (!isLoose && children[0]?.tagName === "P") children = [...children[0].childNodes, ...children.slice(1)];
  const box = task && el("input", { type: "checkbox", disabled: true, checked: task[1] !== " ", "aria-label": "done" });
  return el("li", { class: task ? "task" : null }, box, children);
}

function cells(line) {
  const text = line.trim().replace(/^\|/, "").replace(/(?<!\\)\|$/, "");
  return text.split(/(?<!\\)\|/).map(cell => cell.trim().replaceAll("\\|", "|"));
}

function table([head, marks, ...rows]) {
  const sides = cells(marks).map(mark => /^-+:$/.test(mark) ? "right" : /^:-+:$/.test(mark) ? "center" : null);
  const row = (line, tag) => {
    const found = cells(line);
    return el("tr", {}, sides.map((side, i) => el(tag, { class: side }, inline(found[i] ?? ""))));
  };
  return el("div", { class: "table", tabindex: "0" }, el("table", {},
    el("thead", {}, row(head, "th")), el("tbody", {}, rows.map(line => row(line, "td")))));
}

const marks = [
  [/^`+/, code],
  [/^!?\[((?:[^[\]\\]|\\.){0,500})\]\(\s*<?([^\s()<>]{1,2000}(?:\([^\s()]*\))?)>?(?:\s+"[^"]*")?\s*\)/, link],
  [/^<(https?:\/\/[^\s<>]{1,2000}|mailto:[^\s<>]{1,500})>/, ([all, target]) => [all, anchor(target, [target])]],
  [/^https?:\/\/[^\s<>"'`]{1,2000}/, bareLink],
  [/^(\*\*|__)(?=\S)([\s\S]{0,4000}?\S)\1(?!\w)/, ([all, , text], depth) => [all, el("strong", {}, inline(text, depth + 1))]],
  [/^(\*)(?=[^\s*])([^*]{0,4000}?[^\s*])\1/, ([all, , text], depth) => [all, el("em", {}, inline(text, depth + 1))]],
  [/^_(?=[^\s_])([^_]{0,4000}?[^\s_])_(?!\w)/, ([all, text], depth) => [all, el("em", {}, inline(text, depth + 1))]],
  [/^~~(?=\S)([\s\S]{0,4000}?\S)~~/, ([all, text], depth) => [all, el("del", {}, inline(text, depth + 1))]],
  [/^\\([\\`*_{}[\]()#+.!|~>-])/, ([all, letter]) => [all, letter]],
  [/^(?: {2,}|\\)?\n/, ([all]) => [all, el("br")]],
];

/** Text into text nodes and the few elements that a line may hold. */
function inline(text, depth = 0) {
  if (depth > depthMax || text.length > 20_000) return [text];
  const parts = [];
  let plain = "";
  for (let at = 0; at < text.length;) {
    const next = text.slice(at).search(/[`![<*_~\\\n]|https?:\/\/| {2,}\n/);
    if (next < 0) { plain += text.slice(at); break; }
    plain += text.slice(at, at + next);
    at += next;
    const found = mark(text, at, depth);
    if (found) {
      if (plain) parts.push(plain);
      plain = "";
      parts.push(found[1]);
      at += found[0].length;
    } else plain += text[at++];
  }
  if (plain) parts.push(plain);
  return parts;
}

function mark(text, at, depth) {
  const rest = text.slice(at, at + 6000);
  const isInsideWord = at > 0 && /\w/.test(text[at - 1]);
  for (const [pattern, make] of marks) {
    if (isInsideWord && rest[0] === "_") return null;
    const match = pattern.exec(rest);
    const made = match && make(match, depth, rest);
    if (made) return made;
  }
  return null;
}

function code([ticks], depth, rest) {
  const end = rest.indexOf(ticks, ticks.length);
  if (end < 0 || rest[end + ticks.length] === "`") return null;
  const text = rest.slice(ticks.length, end).replaceAll("\n", " ");
  return [rest.slice(0, end + ticks.length), el("code", {}, /^ .*\S.* $/.test(text) ? text.slice(1, -1) : text)];
}

function link([all, text, target], depth) {
  // A picture would be a request to another server; its address is shown as a link instead.
  const address = safe(target);
  return address && [all, anchor(address, inline(text || target, depth + 1))];
}

function bareLink([all]) {
  const target = all.replace(/[.,;:!?)\]}*_~]+$/, "");
  return [target, anchor(target, [target])];
}

function safe(target) {
  try {
    const url = new URL(target);
    return ["http:", "https:", "mailto:"].includes(url.protocol) ? url.href : null;
  } catch {
    return null;
  }
}

function anchor(target, children) {
  const href = safe(target);
  return href ? el("a", { href, target: "_blank", rel: "noopener noreferrer nofollow" }, children) : el("span", {}, children);
}
