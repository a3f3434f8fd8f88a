/* Chooses light or dark before anything is painted: the reader's last choice, else the system's. */
(function () {
  "use strict";
  var chosen = null;
  try { chosen = localStorage.getItem("bankmine-theme"); } catch (error) { chosen = null; }
  var dark = chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  document.documentElement.dataset.theme = dark ? "dark" : "light";
  document.documentElement.classList.add("scripted");
})();
