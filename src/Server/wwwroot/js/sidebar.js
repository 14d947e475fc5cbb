// The list of conversations: by day, with search, rename and delete.

import { el, iconButton } from "./dom.js";

const day = 24 * 3600 * 1000;

/** Which heading a conversation stands under. */
function when(time) {
  const midnight = new Date().setHours(0, 0, 0, 0);
  if (time >= midnight) return "Today";
  if (time >= midnight - day) return "Yesterday";
  if (time >= midnight - 6 * day) return "This week";
  return new Date(time).toLocaleDateString("en", { month: "long", year: "numeric" });
}

const textOf = conversation => [conversation.title, ...conversation.messages.map(message =>
  message.role === "user" ? message.content : message.variants[message.chosen].content)].join("\n").toLowerCase();

/** Draws the list; while a title is being written it stays as it is, and is drawn when that has ended.
    acts: open(id), rename(conversation, title), remove(conversation) */
export function drawList(into, conversations, current, filter, acts) {
  if (into.querySelector("li input")) return;
  const wanted = filter.trim().toLowerCase();
  const found = conversations.filter(one => one.messages.length && (!wanted || textOf(one).includes(wanted)));
  const groups = Map.groupBy ? Map.groupBy(found, one => when(one.updated)) : group(found);
  into.replaceChildren(...[...groups].flatMap(([title, list]) => [
    el("h2", {}, title),
    el("ul", {}, list.map(one => row(one, one === current, acts))),
  ]));
  if (!found.length) into.append(el("p", { class: "note" }, wanted ? "Nothing found." : "None yet."));
}

function group(list) {
  const groups = new Map();
  for (const one of list) groups.set(when(one.updated), [...groups.get(when(one.updated)) ?? [], one]);
  return groups;
}

function row(conversation, isCurrent, acts) {
  const open = el("button", { type: "button", class: "open", title: conversation.title, onclick: () => acts.open(conversation.id) },
    conversation.title);
  const rename = () => {
    let isDone = false;
    const end = keep => {
      if (isDone) return;
      isDone = true;
      input.replaceWith(open);
      acts.rename(conversation, keep && input.value.trim() || conversation.title);
    };
    const input = el("input", {
      type: "text", value: conversation.title, "aria-label": "New title", maxlength: "120", onblur: () => end(true),
      onkeydown: event => {
        if (event.key === "Enter") { event.preventDefault(); end(true); }
        if (event.key === "Escape") { event.stopPropagation(); end(false); }
      },
    });
    open.replaceWith(input);
    input.focus();
    input.select();
  };
  open.addEventListener("dblclick", rename);
  return el("li", { "aria-current": isCurrent ? "page" : null }, open, el("span", { class: "acts" },
    iconButton("edit", `Rename ${conversation.title}`, rename),
    iconButton("trash", `Delete ${conversation.title}`, () => acts.remove(conversation))));
}
