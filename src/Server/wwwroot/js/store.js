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

async function run(mode, work) {
  const base = await open;
  if (!base) return undefined;
  return new Promise((resolve, reject) => {
    const transaction = base.transaction("conversations", mode);
    const request = work(transaction.objectStore("conversations"));
    transaction.oncomplete = () => resolve(request?.result);
    transaction.onerror = () => reject(transaction.error);
  });
}

/** Every conversation, the newest first. */
export async function all() {
  const found = await run("readonly", store => store.getAll()) ?? [];
  return found.sort((a, b) => b.updated - a.updated);
}

/** Keeps a conversation as it is now. */
export const save = conversation => run("readwrite", store => store.put(structuredClone(conversation)));

/** Forgets a conversation. */
export const remove = id => run("readwrite", store => store.delete(id));

/** A small value that outlives the page: settings, the last model. */
export const setting = {
  get(name, otherwise) {
    try { return JSON.parse(localStorage.getItem(`minka.${name}`)) ?? otherwise; } catch { return otherwise; }
  },
  set(name, value) {
    try { localStorage.setItem(`minka.${name}`, JSON.stringify(value)); } catch { /* then it lasts for this page only */ }
  },
};
