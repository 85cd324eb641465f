// Filters findings; the page says everything without it.
(() => {
  const bar = document.querySelector(".filter");
  if (!bar) return;
  const search = bar.querySelector("input[type=search]");
  const levels = [...bar.querySelectorAll("input[type=checkbox]")];
  const count = bar.querySelector("output");
  const findings = [...document.querySelectorAll(".finding")];
  const texts = findings.map((finding) => finding.textContent.toLowerCase());
  const apply = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const shown = new Set(levels.filter((box) => box.checked).map((box) => box.value));
    let left = 0;
    findings.forEach((finding, at) => {
      const fits = shown.has(finding.dataset.level) && words.every((word) => texts[at].includes(word));
      finding.hidden = !fits;
      if (fits) left += 1;
    });
    count.textContent = `${left} of ${findings.length} shown`;
  };
  bar.hidden = false;
  bar.addEventListener("input", apply);
  document.addEventListener("keydown", (event) => {
    const typing = event.target instanceof Element && event.target.matches("input");
    if (event.key === "/" && !typing) {
      event.preventDefault();
      search.focus();
    } else if (event.key === "Escape" && event.target === search) {
      search.value = "";
      apply();
    }
  });
  // A link to a finding that is filtered away shows it.
  window.addEventListener("hashchange", () => {
    const target = document.getElementById(location.hash.slice(1));
    if (target && target.hidden) {
      target.hidden = false;
      target.scrollIntoView();
    }
  });
  apply();
})();
