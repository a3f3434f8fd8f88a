/* Menus by keyboard: Escape closes what is open and gives the focus back; a click elsewhere closes the person's. */
(function () {
  "use strict";
  var person = document.querySelector("details.person");
  var button = document.querySelector("button.menu"), navigation = document.getElementById("navigation");
  document.addEventListener("keydown", function (event) {
    if (event.key !== "Escape") return;
    if (person && person.open) {
      person.open = false;
      person.querySelector("summary").focus();
    } else if (navigation && navigation.classList.contains("open")) {
      navigation.classList.remove("open");
      button.setAttribute("aria-expanded", "false");
      button.focus();
    }
  });
  document.addEventListener("click", function (event) {
    if (person && person.open && !person.contains(event.target)) person.open = false;
  });
})();
