// Runs before the page is drawn, so that a dark room never sees a white flash. The only script that is no module.
(() => {
  const system = matchMedia("(prefers-color-scheme: dark)");
  const chosen = () => { try { return localStorage.getItem("minka.theme"); } catch { return null; } };
  const apply = () => {
    document.documentElement.dataset.theme = chosen() ?? (system.matches ? "dark" : "light");
    dispatchEvent(new Event("themechange"));
  };
  system.addEventListener("change", apply);
  addEventListener("DOMContentLoaded", () => document.getElementById("theme")?.addEventListener("click", () => {
    const next = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
    try { localStorage.setItem("minka.theme", next); } catch { /* private windows may refuse; the page still turns */ }
    document.documentElement.dataset.theme = next;
    dispatchEvent(new Event("themechange"));
  }));
  apply();
})();
