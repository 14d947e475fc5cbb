// Conversations in this browser: IndexedDB, and memory alone where a private window has none.

const open = new Promise(resolve => {
  try {
    const request = indexedDB.open("minka", 1);
    request.onupgradeneeded = () => request.result.createObjectStore("conversations", { keyPath: "id" });
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => resolve(null);
  } catch {
    resolve(null);
  }
});

// What the database has not confirmed: a conversation by its id, null for one that is to be forgotten. A page that is left
// ends its writes to IndexedDB in the middle, so what is waited for goes where a write is done when the call returns.
const unsaved = new Map();
const journal = "unsaved";

async function run(mode, work) {
  const base = await open;
  if (!base) return undefined;
  return new Promise((resolve, reject) => {
    const transaction = base.transaction("conversations", mode);
    const request = work(transaction.objectStore("conversations"));
    transaction.oncomplete = () => resolve(request?.result);
    transaction.onabort = () => reject(transaction.error);
  });
}

async function write(id, conversation) {
  unsaved.set(id, conversation);
  try {
    await run("readwrite", store => conversation ? store.put(conversation) : store.delete(id));
  } finally {
    if (unsaved.get(id) === conversation) unsaved.delete(id);
  }
}

/** Does what earlier pages were left too early for. */
async function recover() {
  const left = setting.get(journal, []);
  if (!left.length) return;
  await run("readwrite", store => {
    for (const [id, conversation] of left) {
      if (!conversation) { store.delete(id); continue; }
      // Another tab may have kept it since.
      const found = store.get(id);
      found.onsuccess = () => { if (!(found.result?.updated > conversation.updated)) store.put(conversation); };
    }
  });
  setting.set(journal, []);
}

/** To be called when the page is left: the next one finds what was not written yet. */
export function leave() {
  if (unsaved.size) setting.set(journal, [...setting.get(journal, []), ...unsaved]);
}

// A page that comes back as it was goes on with its own writes.
addEventListener("pageshow", event => { if (event.persisted) setting.set(journal, []); });

/** Every conversation, the newest first. */
export async function all() {
  await recover().catch(() => { /* there is no room; the journal stays for a page that finds some */ });
  const found = await run("readonly", store => store.getAll()) ?? [];
  return found.sort((a, b) => b.updated - a.updated);
}

/** Keeps a conversation as it is now. */
export const save = conversation => write(conversation.id, structuredClone(conversation));

/** Forgets a conversation. */
export const remove = id => write(id, null);

/** A small value that outlives the page: settings, the last model. */
export const setting = {
  get(name, otherwise) {
    try { return JSON.parse(localStorage.getItem(`minka.${name}`)) ?? otherwise; } catch { return otherwise; }
  },
  set(name, value) {
    try { localStorage.setItem(`minka.${name}`, JSON.stringify(value)); } catch { /* then it lasts for this page only */ }
  },
};
