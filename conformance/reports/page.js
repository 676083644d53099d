const form = document.querySelector(".filters");
const boxes = [...form.querySelectorAll("input[type=checkbox]")];

function show() {
  const data = new FormData(form), text = data.get("text").toLowerCase();
  const verdicts = data.getAll("verdict"), levels = data.getAll("level");
  const filtered = text || boxes.some((box) => !box.checked);
  let cases = 0;
  for (const area of document.querySelectorAll(".area")) {
    let left = 0;
    for (const row of area.querySelectorAll(".row")) {
      const fits = !("verdict" in row.dataset) || verdicts.includes(row.dataset.verdict);
      row.hidden = !(fits && levels.includes(row.dataset.level)
        && (!text || row.textContent.toLowerCase().includes(text)));
      left += !row.hidden;
      cases += !row.hidden && "verdict" in row.dataset;
    }
    area.hidden = !left;
    if (filtered && left && area.id) area.open = true;
  }
  document.getElementById("none").hidden = cases > 0;
}

function open() {
  const place = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  for (let at = place?.closest("details"); at; at = at.parentElement.closest("details")) {
    at.hidden = false;
    at.open = true;
  }
  place?.scrollIntoView({block: "start"});
}

form.addEventListener("input", show);
form.addEventListener("submit", (event) => event.preventDefault());
addEventListener("hashchange", open);
show();
open();
