/* The frame: theme, navigation on narrow screens, copying of queries, printing in light. */
(function () {
  "use strict";
  const root = document.documentElement, bankmine = window.bankmine;

  const PAPER = 640;  // pixels between the margins of an upright A4 sheet

  function setTheme(name, paper) {
    root.dataset.theme = name;
    bankmine.drawAll(paper);
  }

  document.querySelector("button.theme").addEventListener("click", () => {
    setTheme(root.dataset.theme === "dark" ? "light" : "dark");
    try { localStorage.setItem("bankmine-theme", root.dataset.theme); } catch (error) { root.dataset.unsaved = "theme"; }
  });

  const menu = document.querySelector("button.menu"), navigation = document.getElementById("navigation");
  menu.addEventListener("click", () => menu.setAttribute("aria-expanded", String(navigation.classList.toggle("open"))));
  navigation.addEventListener("click", (event) => {
    if (event.target.closest("a")) { navigation.classList.remove("open"); menu.setAttribute("aria-expanded", "false"); }
  });

  async function copy(button) {
    const code = button.closest(".sql").querySelector("code"), label = button.textContent;
    try { await navigator.clipboard.writeText(code.textContent); } catch (error) {
      getSelection().selectAllChildren(code);  // the reader copies by hand
      return;
    }
    button.textContent = bankmine.texts.copied;
    setTimeout(() => { button.textContent = label; }, 1500);
  }
  document.querySelectorAll("button.copy").forEach((button) => button.addEventListener("click", () => copy(button)));

  const folds = [...document.querySelectorAll("details.fold")];  // on paper they stand open
  let before = null;
  addEventListener("beforeprint", () => {
    before = { theme: root.dataset.theme, how: document.getElementById("how")?.open, folds: folds.map((fold) => fold.open) };
    folds.forEach((fold) => { fold.open = true; });
    if (document.getElementById("how")) document.getElementById("how").open = true;
    setTheme("light", PAPER);
  });
  addEventListener("afterprint", () => {
    if (!before) return;
    if (document.getElementById("how")) document.getElementById("how").open = before.how;
    folds.forEach((fold, i) => { fold.open = before.folds[i]; });
    setTheme(before.theme);
  });
})();
