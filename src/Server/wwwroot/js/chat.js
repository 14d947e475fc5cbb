// The chat page: what a person does, in the order in which they do it.

import * as api from "./api.js";
import { askForKey } from "./key.js";
import { download, el, toast } from "./dom.js";
import { draw, emptyAnswer, shown } from "./messages.js";
import { asMarkdown, bodyOf } from "./conversation.js";
import * as params from "./params.js";
import { listen } from "./keyboard.js";
import { drawList } from "./sidebar.js";
import * as store from "./store.js";

const $ = id => document.getElementById(id);
const ideas = ["What is 12 + 30?", "Tell me a short story about a lighthouse.", "Write a haiku about rain.",
  "Explain how a hash table works, with code."];

let conversations = [];
let current = fresh();
let elements = [];
let running = null;
let follows = true;

function fresh() {
  const now = Date.now();
  return { id: crypto.randomUUID?.() ?? `${now}-${Math.random()}`, title: "New conversation", created: now, updated: now, messages: [] };
}

// What is on the screen.

function showConversation(conversation) {
  current = conversation;
  elements = conversation.messages.map((message, index) => drawMessage(message, index));
  $("messages").replaceChildren(...elements);
  $("welcome").hidden = conversation.messages.length > 0;
  nameTab();
  follows = true;
  scrollToEnd();
  showList();
}

/** The tab's title, and an address that shows the same conversation after a reload. */
function nameTab() {
  const isEmpty = current.messages.length === 0;
  document.title = isEmpty ? "Minka" : `${current.title} - Minka`;
  history.replaceState(null, "", isEmpty ? location.pathname : `#${current.id}`);
}

function showList() {
  drawList($("conversations"), conversations, current, $("filter").value, {
    open,
    rename: (conversation, title) => { conversation.title = title; keep(conversation); showList(); nameTab(); },
    remove,
  });
}

function open(id) {
  // The one that is open stays as it is: a second click on it renames it.
  if (id !== current.id) {
    leave();
    showConversation(conversations.find(one => one.id === id));
  }
  closeSidebar();
  $("prompt").focus();
}

function drawMessage(message, index) {
  return draw(message, {
    regenerate: () => regenerate(index),
    edit: text => { truncate(index); send(text); },
    choose: step => {
      message.chosen = (message.chosen + step + message.variants.length) % message.variants.length;
      elements[index].update(false);
      keep(current);
    },
    answerCall: (call, result) => {
      call.result = result;
      keep(current);
      if (shown(message).calls.every(one => one.result !== undefined)) answer();
      else elements[index].update(false);
    },
  });
}

function add(message) {
  current.messages.push(message);
  const element = drawMessage(message, current.messages.length - 1);
  elements.push(element);
  $("messages").append(element);
  $("welcome").hidden = true;
  return element;
}

function scrollToEnd() {
  const box = $("scroll");
  box.scrollTop = box.scrollHeight;
}

function setBusy(isBusy) {
  $("stop").hidden = !isBusy;
  $("send").hidden = isBusy;
  document.body.classList.toggle("answering", isBusy);
}

// What happens to conversations.

function keep(conversation) {
  conversation.updated = Date.now();
  if (!conversations.includes(conversation)) conversations.unshift(conversation);
  conversations.sort((a, b) => b.updated - a.updated);
  store.save(conversation).catch(() => toast("This browser has no room for the conversation; export it to keep it."));
}

/** A page that is left, or hidden on a phone, may not come back: it keeps what there is of an answer. */
function keepUnfinished() {
  if (running && conversations.includes(current)) store.save(current).catch(() => { /* the answer's end tries again */ });
}

function remove(conversation) {
  if (conversation === current) leave();
  conversations = conversations.filter(one => one !== conversation);
  store.remove(conversation.id).catch(() => toast("This browser could not delete the conversation; it may come back."));
  if (conversation === current) showConversation(fresh());
  else showList();
  toast("Conversation deleted", "Undo", () => { keep(conversation); showList(); });
}

function truncate(count) {
  leave();
  current.messages.length = count;
  for (const element of elements.splice(count)) element.remove();
}

function leave() {
  running?.abort();
}

function begin() {
  leave();
  showConversation(fresh());
  closeSidebar();
  $("prompt").focus();
}

// Asking and answering.

async function send(text) {
  const wrong = params.complaint();
  if (wrong) { toast(wrong); return; }
  if (!current.messages.length) current.title = text.replace(/\s+/g, " ").slice(0, 60);
  add({ role: "user", content: text });
  follows = true;
  await answer();
}

async function answer(message) {
  leave();
  const conversation = current;
  message ??= { role: "assistant", variants: [], chosen: -1 };
  message.chosen = message.variants.push(emptyAnswer()) - 1;
  const element = elements[current.messages.indexOf(message)] ?? add(message);
  keep(conversation);
  showList();
  nameTab();
  await run(conversation, message, element);
}

async function regenerate(index) {
  const message = current.messages[index];
  truncate(index + 1);
  await answer(message);
}

async function run(conversation, message, element) {
  const mine = running = new AbortController();
  const reply = shown(message);
  let frame = 0;
  const show = () => { frame = 0; element.update(true); if (follows) scrollToEnd(); };
  setBusy(true);
  show();
  try {
    const body = bodyOf(conversation, message, { model: $("model").value || undefined, ...params.requestOf() }, params.parameter("system"));
    await withKey(() => api.stream(body, reply, mine.signal, () => { frame ||= requestAnimationFrame(show); }));
  } catch (error) {
    if (error.name !== "AbortError") reply.error = explain(error);
  } finally {
    cancelAnimationFrame(frame);
    element.update(false);
    if (follows && conversation === current) scrollToEnd();
    if (running === mine) { running = null; setBusy(false); }
    if (conversations.includes(conversation)) keep(conversation);
    showList();
  }
}

/** Runs what needs the server; asks for a key when the server does, and tries again. */
async function withKey(work) {
  for (let wasWrong = false; ; wasWrong = true) {
    try {
      return await work();
    } catch (error) {
      if (error.status !== 401 || !await askForKey(wasWrong)) throw error;
    }
  }
}

function explain(error) {
  if (error.status === 429 || error.status === 503)
    return `${error.message}${error.retryAfter ? ` It should be free in about ${error.retryAfter} s.` : ""}`;
  return error.message;
}

async function loadModels() {
  let found;
  try {
    found = await withKey(api.models);
  } catch (error) {
    $("welcome-model").textContent = explain(error);
    return;
  }
  $("model").replaceChildren(...found.map(model => el("option", { value: model.id }, model.id)));
  const last = store.setting.get("model", null);
  if (found.some(model => model.id === last)) $("model").value = last;
  const tell = () => {
    const model = found.find(one => one.id === $("model").value);
    $("welcome-model").textContent = model ? `${model.id}${model.context ? `, ${model.context.toLocaleString("en")} tokens of context` : ""}` : "";
  };
  $("model").addEventListener("change", () => { store.setting.set("model", $("model").value); tell(); });
  tell();
}

// Where things are.

function openSidebar() {
  $("sidebar").classList.add("shown");
  $("veil").hidden = false;
  $("open-sidebar").setAttribute("aria-expanded", "true");
  $("filter").focus();
}

function closeSidebar() {
  $("sidebar").classList.remove("shown");
  $("veil").hidden = true;
  $("open-sidebar").setAttribute("aria-expanded", "false");
}

function fit() {
  const area = $("prompt");
  area.style.height = "auto";
  area.style.height = `${area.scrollHeight}px`;
  $("send").disabled = !area.value.trim();
}

function submit() {
  const text = $("prompt").value.trim();
  if (!text || running) return;
  $("prompt").value = "";
  fit();
  send(text);
}

function exportCurrent() {
  if (!current.messages.length) { toast("There is nothing to export yet."); return; }
  const name = current.title.replace(/[^\p{L}\p{N}]+/gu, "-").slice(0, 50) || "conversation";
  download(`${name}.md`, "text/markdown", asMarkdown(current));
  download(`${name}.json`, "application/json", JSON.stringify(current, null, 2));
}

function listenToPage() {
  $("composer").addEventListener("submit", event => { event.preventDefault(); submit(); });
  $("prompt").addEventListener("input", fit);
  $("prompt").addEventListener("keydown", event => {
    // A phone's Enter begins a line: there is a button to send.
    const touch = matchMedia("(pointer: coarse)").matches;
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing && !touch) { event.preventDefault(); submit(); }
  });
  $("stop").addEventListener("click", leave);
  $("new").addEventListener("click", begin);
  $("filter").addEventListener("input", showList);
  $("export").addEventListener("click", exportCurrent);
  $("open-sidebar").addEventListener("click", openSidebar);
  $("close-sidebar").addEventListener("click", closeSidebar);
  $("veil").addEventListener("click", closeSidebar);
  addEventListener("pagehide", () => { keepUnfinished(); store.leave(); });
  document.addEventListener("visibilitychange", () => { if (document.hidden) keepUnfinished(); });
  const form = params.show($("fields"));
  $("reset").addEventListener("click", form.reset);
  $("settings-button").addEventListener("click", () => $("settings").showModal());
  $("scroll").addEventListener("scroll", () => {
    const { scrollTop, scrollHeight, clientHeight } = $("scroll");
    follows = scrollHeight - scrollTop - clientHeight < 60;
    $("to-end").hidden = follows;
  });
  $("to-end").addEventListener("click", () => { follows = true; scrollToEnd(); });
  listen({
    begin, stop: leave, closeSidebar,
    search: () => { openSidebar(); $("filter").select(); },
    settings: () => $("settings").showModal(),
    write: () => $("prompt").focus(),
    editLast: () => elements.findLast(element => element.edit)?.edit(),
    isWriting: () => running !== null,
    isEmpty: () => !$("prompt").value,
  });
  $("ideas").append(...ideas.map(text => el("button", { type: "button", onclick: () => send(text) }, text)));
}

listenToPage();
conversations = await store.all();
showConversation(conversations.find(one => one.id === location.hash.slice(1)) ?? current);
fit();
if (matchMedia("(pointer: fine)").matches) $("prompt").focus();
await loadModels();
document.documentElement.dataset.ready = "true";
