"use strict";
(function () {
  const figures = JSON.parse(document.getElementById("figures").textContent);
  const options = { displayModeBar: false, responsive: true };
  for (const place of document.querySelectorAll(".plot")) {
    const figure = figures[place.dataset.chart];
    place.hidden = false;
    Plotly.newPlot(place, figure.data, figure.layout, options);
    place.closest("figure").classList.add("drawn");
  }
  let opened = [];
  window.addEventListener("beforeprint", function () {
    opened = Array.from(document.querySelectorAll("details:not([open])"));
    for (const details of opened) details.open = true;
  });
  window.addEventListener("afterprint", function () {
    for (const details of opened) details.open = false;
  });
})();
