"use strict";
(() => {
  const form = document.getElementById("filter");
  if (!form) return;
  const search = document.getElementById("search");
  const disposition = document.getElementById("disposition");
  const shown = document.getElementById("shown");
  const none = document.getElementById("none");
  const boxes = [...form.querySelectorAll("[name=severity]")];
  const groups = [...document.querySelectorAll(".file")].map((section) => ({
    section,
    count: section.querySelector(".count"),
    items: [...section.querySelectorAll(".finding")].map((article) => ({
      article,
      severity: article.dataset.severity,
      disposition: article.dataset.disposition,
      counts: article.dataset.counts === "yes",
      text: null,
    })),
  }));
  const total = groups.reduce((sum, group) => sum + group.items.length, 0);

  function textOf(item, section) {
    item.text ??= (section.getAttribute("aria-label") + " " + item.article.textContent).toLowerCase();
    return item.text;
  }

  function hide(element, hidden) {
    if (element.hidden !== hidden) element.hidden = hidden;
  }

  function apply() {
    const severities = new Set(boxes.filter((box) => box.checked).map((box) => box.value));
    const wanted = disposition.value;
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    for (const { section, count: label, items } of groups) {
      let visible = 0;
      for (const item of items) {
        const fits =
          severities.has(item.severity) &&
          (wanted === "all" || (wanted === "counting" ? item.counts : item.disposition === wanted)) &&
          words.every((word) => textOf(item, section).includes(word));
        hide(item.article, !fits);
        visible += fits;
      }
      hide(section, visible === 0);
      if (label.textContent !== String(visible)) label.textContent = visible;
      count += visible;
    }
    shown.value = count + " of " + total + " shown";
    hide(none, count !== 0);
  }

  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", apply);
  document.addEventListener("keydown", (event) => {
    const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName) && event.target.type !== "checkbox";
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      search.focus();
    } else if (event.key === "Escape" && event.target === search) {
      search.value = "";
      apply();
    }
  });
  form.hidden = false;
  apply();
})();
