"use strict";
(() => {
  const root = document.documentElement;
  const themes = ["system", "light", "dark"];
  const by = (id) => document.getElementById(id);

  function stored(value) {
    try {
      if (value) localStorage.setItem("reviewer-theme", value);
      return localStorage.getItem("reviewer-theme");
    } catch {
      return null; // some browsers keep nothing for a file
    }
  }

  function dress(theme) {
    if (theme === "system") delete root.dataset.theme;
    else root.dataset.theme = theme;
    const button = by("theme");
    if (button) button.textContent = "Theme: " + theme;
  }

  function startTheme(theme) {
    const button = by("theme");
    button.hidden = false;
    dress(theme);
    button.addEventListener("click", () => {
      theme = themes[(themes.indexOf(theme) + 1) % themes.length];
      stored(theme);
      dress(theme);
    });
  }

  const theme = themes.includes(stored()) ? stored() : "system";
  dress(theme); // before the first paint

  class Findings {
    constructor(form) {
      this.form = form;
      this.search = by("search");
      this.path = by("path");
      this.boxes = [...form.querySelectorAll("[name=severity]")];
      this.picks = ["category", "disposition", "since"].map(by);
      this.groups = [...document.querySelectorAll(".file")].map((section) => ({
        section,
        path: section.dataset.path,
        label: section.querySelector(".count"),
        items: [...section.querySelectorAll(".finding")].map((element) => ({ element, data: { ...element.dataset } })),
      }));
      this.items = this.groups.flatMap((group) => group.items);
      for (const item of this.items) item.data.counts = !item.element.classList.contains("uncounted");
    }

    // Read when there is time, so that the first search need not.
    read() {
      for (const group of this.groups) for (const item of group.items) this.text(item, group);
    }

    text(item, group) {
      const [head, body] = [item.element.firstElementChild, item.element.querySelector(".prose")];
      item.text ??= (group.path + " " + head.textContent + " " + body.textContent).toLowerCase();
      return item.text;
    }

    wanted() {
      const severities = new Set(this.boxes.filter((box) => box.checked).map((box) => box.value));
      const [category, disposition, since] = this.picks.map((pick) => (pick ? pick.value : ""));
      const words = this.search.value.toLowerCase().split(/\s+/).filter(Boolean);
      return (item, group) =>
        severities.has(item.data.severity) &&
        (!category || item.data.category === category) &&
        (disposition === "counting" ? item.data.counts : !disposition || item.data.disposition === disposition) &&
        (!since || (item.data.since === since && item.data.counts)) &&
        words.every((word) => this.text(item, group).includes(word));
    }

    inPath(path) {
      const only = this.only;
      if (only === "/") return !this.drawn(path);
      return only === undefined || path === only || (only.endsWith("/") && path.startsWith(only));
    }

    // Whether the map that is seen has another cell for it than that of the small files without a folder.
    drawn(path) {
      return this.cells.some((cell) => path === cell || (cell !== "/" && cell.endsWith("/") && path.startsWith(cell)));
    }

    apply() {
      const fits = this.wanted();
      let count = 0;
      for (const group of this.groups) {
        const fitting = new Set(this.inPath(group.path) ? group.items.filter((item) => fits(item, group)) : []);
        const visible = fitting.size;
        // A file without anything to show is hidden as a whole: the fewer changes, the less layout.
        for (const item of visible ? group.items : []) {
          if (item.hidden !== !fitting.has(item)) item.element.hidden = item.hidden = !fitting.has(item);
        }
        if (group.visible !== visible) {
          group.section.hidden = visible === 0;
          if (visible) group.label.textContent = visible;
          group.visible = visible;
        }
        count += visible;
      }
      by("shown").value = count.toLocaleString("en") + " of " + this.items.length.toLocaleString("en") + " shown";
      by("none").hidden = count !== 0;
    }

    limit(path) {
      this.only = path;
      const map = [...document.querySelectorAll(".map")].find((one) => one.checkVisibility());
      this.cells = map && path === "/" ? [...map.querySelectorAll(".cell")].map((cell) => cell.dataset.path) : [];
      this.path.hidden = path === undefined;
      this.path.textContent = path === undefined ? "" : "Only " + (path === "/" ? "small files" : path) + " ✕";
      for (const cell of document.querySelectorAll(".cell")) {
        if (cell.dataset.path === path) cell.setAttribute("aria-current", "true");
        else cell.removeAttribute("aria-current");
      }
      this.apply();
    }

    // What was picked gives way to a finding that is asked for by its permalink.
    reveal(element) {
      if (element.checkVisibility()) return;
      this.form.reset();
      by("disposition").value = element.matches(".uncounted") ? "" : "counting";
      this.limit(undefined);
    }

    seen() {
      return this.groups.flatMap((group) => (group.visible ? group.items.filter((item) => !item.hidden) : []));
    }

    move(step) {
      const shown = this.seen();
      const at = shown.findIndex((item) => item.element.contains(document.activeElement));
      const next = shown[at < 0 ? (step > 0 ? 0 : shown.length - 1) : at + step];
      if (next) {
        next.element.firstElementChild.focus({ preventScroll: true });
        next.element.scrollIntoView({ block: "nearest" });
      }
    }

    unfold(button) {
      const open = button.textContent === "Open all";
      for (const item of this.seen()) item.element.open = open;
      button.textContent = open ? "Close all" : "Open all";
    }
  }

  function startKeys(findings) {
    const keys = { j: 1, k: -1, ArrowDown: 1, ArrowUp: -1 };
    document.addEventListener("keydown", (event) => {
      const target = event.target;
      const typing = target.matches("input:not([type=checkbox]), select, textarea");
      if (event.key === "Escape" && target === findings.search) {
        findings.search.value = "";
        findings.apply();
      }
      if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
      const arrow = event.key.startsWith("Arrow");
      if (event.key === "/") {
        event.preventDefault();
        findings.search.focus();
      } else if (event.key in keys && (!arrow || target.matches(".finding > summary"))) {
        event.preventDefault();
        findings.move(keys[event.key]);
      }
    });
  }

  // One stop for the tab key in each map; arrows go from file to file.
  function startMap(map, findings) {
    const cells = [...map.querySelectorAll(".cell")];
    const stop = (at) => cells.forEach((cell, place) => cell.setAttribute("tabindex", place === at ? "0" : "-1"));
    stop(0);
    map.addEventListener("click", (event) => {
      const cell = event.target.closest(".cell");
      if (!cell || !findings) return;
      event.preventDefault();
      choose(findings, cell.dataset.path);
    });
    map.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
      const next = step ? cells.indexOf(document.activeElement) + step : -1;
      if (step) event.preventDefault();
      if (next in cells) {
        stop(next);
        cells[next].focus();
      }
    });
  }

  function startFindings(form) {
    const findings = new Findings(form);
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("input", () => findings.apply());
    findings.path.addEventListener("click", () => {
      findings.limit(undefined);
      findings.search.focus();
    });
    by("unfold").addEventListener("click", (event) => findings.unfold(event.currentTarget));
    startKeys(findings);
    form.hidden = false;
    keepClear(form);
    findings.apply();
    setTimeout(() => findings.read(), 300);
    return findings;
  }

  // What is moved to must not lie under the bar that stays at the top.
  function keepClear(bar) {
    const measure = () => {
      const height = getComputedStyle(bar).position === "sticky" ? bar.offsetHeight : 0;
      root.style.scrollPaddingTop = height + 12 + "px";
    };
    new ResizeObserver(measure).observe(bar, { box: "border-box" });
    measure();
  }

  function choose(findings, path) {
    findings.limit(findings.only === path ? undefined : path);
    by("findings").scrollIntoView();
  }

  function follow(findings) {
    const target = by(location.hash.slice(1));
    if (target && target.matches(".finding")) {
      findings.reveal(target);
      target.open = true;
      target.scrollIntoView();
      // What comes into sight on the way there gets its true height only then.
      requestAnimationFrame(() => requestAnimationFrame(() => target.scrollIntoView()));
    }
  }

  document.addEventListener("DOMContentLoaded", () => {
    const form = by("filter");
    startTheme(theme);
    const findings = form && startFindings(form);
    document.querySelectorAll(".map").forEach((map) => startMap(map, findings));
    addEventListener("hashchange", () => follow(findings));
    follow(findings);
  });
})();
