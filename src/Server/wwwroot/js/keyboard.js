// Keys that work anywhere on the chat page, and the list that tells them.

import { el } from "./dom.js";

const keys = [
  ["Enter", "Send"], ["Shift+Enter", "Begin a new line"], ["Esc", "Stop the answer; close what is open"],
  ["Up, in an empty field", "Edit your last message"], ["Ctrl+Shift+O", "New conversation"], ["Ctrl+K", "Search conversations"],
  ["Ctrl+,", "Parameters"], ["/", "Write"], ["Ctrl+/", "Show this list"],
];

/** Listens for shortcuts; acts are what they do. */
export function listen(acts) {
  const shortcuts = document.getElementById("shortcuts");
  document.getElementById("shortcut-list").append(...keys.flatMap(([key, what]) => [
    el("dt", {}, ...key.split(/(\+|, .*)/).filter(Boolean).map(part => /^\+|^, /.test(part) ? part : el("kbd", {}, part))),
    el("dd", {}, what),
  ]));
  document.addEventListener("keydown", event => {
    if (event.isComposing || document.querySelector("dialog[open]")) return;
    const isField = /^(TEXTAREA|INPUT|SELECT)$/.test(event.target.tagName);
    const command = event.ctrlKey || event.metaKey;
    const does =
      event.key === "Escape" ? (acts.isWriting() ? acts.stop : acts.closeSidebar)
      : command && event.shiftKey && event.key.toLowerCase() === "o" ? acts.begin
      : command && event.key.toLowerCase() === "k" ? acts.search
      : command && event.key === "," ? acts.settings
      : command && event.key === "/" ? () => shortcuts.showModal()
      : event.key === "/" && !isField ? acts.write
      : event.key === "ArrowUp" && event.target.id === "prompt" && acts.isEmpty() ? acts.editLast
      : null;
    if (!does) return;
    event.preventDefault();
    does();
  });
}
