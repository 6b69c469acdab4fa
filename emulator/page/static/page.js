"use strict";
(() => {
  const offline = document.getElementById("offline");

  // Nobody looks: nothing is asked for.
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (document.hidden && event.detail.target.id === "live") event.preventDefault();
  });

  // What somebody has unfolded stays so when the part around it is replaced.
  let unfolded = new Set();
  document.addEventListener("htmx:beforeSwap", () => {
    unfolded = new Set([...document.querySelectorAll("details[id][open]")].map((one) => one.id));
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    for (const id of unfolded) document.getElementById(id)?.setAttribute("open", "");
    if (event.target.id === "aside") document.getElementById("call-title")?.focus();
    prepare();
  });

  document.addEventListener("htmx:sendError", () => { offline.textContent = "not connected"; });
  document.addEventListener("htmx:afterRequest", (event) => {
    if (event.detail.xhr.status) offline.textContent = "";
  });

  document.addEventListener("click", async (event) => {
    const button = event.target.closest("button.copy");
    if (!button) return;
    await navigator.clipboard.writeText(button.parentElement.querySelector("pre").textContent);
    button.textContent = "Copied";
  });

  const prepare = () => {
    for (const button of document.querySelectorAll("button.copy")) {
      button.hidden = !navigator.clipboard;
    }
    for (const link of document.querySelectorAll(".calls a.path")) {
      if (new URL(link.href).pathname === location.pathname) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
  };
  document.addEventListener("htmx:pushedIntoHistory", prepare);
  prepare();
})();
