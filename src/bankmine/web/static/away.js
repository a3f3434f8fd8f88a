/* Leaves a page whose session has ended by itself, so that nothing of the bank stays on an unwatched screen. */
(function () {
  "use strict";
  var idle = Number(document.body.dataset.idle) * 1000;
  if (!idle) return;
  var asked = Date.now();
  document.addEventListener("htmx:afterRequest", function () { asked = Date.now(); });
  function leave() {
    if (Date.now() - asked < idle + 5000) return;
    location.replace("/sign-in?next=" + encodeURIComponent(location.pathname + location.search));
  }
  setInterval(leave, 15000);
  document.addEventListener("visibilitychange", leave);
})();
