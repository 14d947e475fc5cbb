// The dialog that asks for the server's key, on both pages.

import { key } from "./api.js";

let open = null;

/** Asks for a key; true when one was given. Two questions at once share one dialog. */
export function askForKey(wasWrong) {
  return open ??= new Promise(resolve => {
    const dialog = document.getElementById("key");
    const input = document.getElementById("key-value");
    document.getElementById("key-wrong").hidden = !wasWrong;
    document.getElementById("key-cancel").onclick = () => dialog.close("");
    dialog.onclose = () => {
      open = null;
      const isGiven = dialog.returnValue === "ok" && input.value !== "";
      if (isGiven) key.set(input.value.trim());
      input.value = "";
      resolve(isGiven);
    };
    dialog.returnValue = "";
    dialog.showModal();
    input.focus();
  });
}
