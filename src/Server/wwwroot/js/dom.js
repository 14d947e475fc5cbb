// Building elements. Text always becomes text nodes: nothing here or elsewhere assigns innerHTML.

/** Makes an element: el("p", { class: "note", onclick: f }, "text", child). */
export function el(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "value" || name === "checked" || name === "disabled" || name === "open") element[name] = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter(child => child !== null && child !== undefined && child !== false));
  return element;
}

/** An icon of icons.svg; decoration only, so it needs a label beside it. */
export function icon(name) {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(space, "use");
  use.setAttribute("href", `/ui/icons.svg#${name}`);
  svg.append(use);
  return svg;
}

/** A button that shows an icon only. */
export function iconButton(name, label, onclick) {
  return el("button", { type: "button", "aria-label": label, title: label, onclick }, icon(name));
}

let toastEnds = 0;

/** Says something for a while, with one thing to do about it. */
export function toast(text, action, onaction) {
  const place = document.getElementById("toast");
  const hide = () => place.classList.remove("shown");
  place.replaceChildren(text);
  if (action) place.append(el("button", { type: "button", onclick: () => { hide(); onaction(); } }, action));
  place.classList.add("shown");
  clearTimeout(toastEnds);
  toastEnds = setTimeout(hide, action ? 20_000 : 2200);
}

/** Copies text; says so. Falls back where the clipboard is closed to pages without TLS. */
export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const area = el("textarea", { value: text, class: "sr", "aria-hidden": "true" });
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
  toast("Copied");
}

/** Gives the browser a file to save. */
export function download(name, type, text) {
  const url = URL.createObjectURL(new Blob([text], { type }));
  el("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
