"use strict";
(() => {
  const root = document.documentElement;
  const theme = document.getElementById("theme");
  theme.hidden = false;
  theme.addEventListener("click", () => {
    const isDark = root.dataset.theme
      ? root.dataset.theme === "dark"
      : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = isDark ? "light" : "dark";
  });

  const search = document.getElementById("search");
  const found = document.getElementById("found");
  const headOf = (element) => element.closest(".operation")?.querySelector("summary").textContent;
  const items = [...document.querySelectorAll("[data-find]")].map((element) => ({
    element,
    text: `${element.textContent} ${headOf(element) ?? ""}`.toLowerCase(),
  }));
  const folds = [...document.querySelectorAll("details")];
  const wereOpen = folds.map((fold) => fold.open);
  search.hidden = false;
  search.addEventListener("input", () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const { element, text } of items) {
      const matches = words.every((word) => text.includes(word));
      element.classList.toggle("hidden", !matches);
      shown += matches;
    }
    folds.forEach((fold, index) => {
      const holds = fold.querySelector("[data-find]:not(.hidden)") !== null;
      fold.open = words.length ? holds || wereOpen[index] : wereOpen[index];
    });
    found.textContent = words.length ? `${shown} found` : "";
  });
})();
