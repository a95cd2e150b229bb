// The page works without this; it adds filters, search, and details that open where they should.
"use strict";
(() => {
  const form = document.getElementById("filters");
  const words = document.getElementById("words");
  const told = document.getElementById("told");
  const unfold = document.getElementById("unfold");
  const selects = [...form.querySelectorAll("select")];
  const claims = [...document.querySelectorAll("details.claim")];
  const others = [...document.querySelectorAll("main > section:not(#claims) details.block")];
  const letters = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  const known = new Map();
  const textOf = (block) => {
    if (!known.has(block)) known.set(block, letters(block.textContent));
    return known.get(block);
  };

  const open = (element) => {
    for (let at = element; at; at = at.parentElement) {
      if (at.tagName === "DETAILS") at.open = true;
    }
  };
  const openTarget = () => {
    const id = decodeURIComponent(location.hash.slice(1));
    const target = id && document.getElementById(id);
    if (!target) return;
    target.hidden = false;
    open(target);
    target.scrollIntoView();
  };

  const chosen = () => selects.filter((select) => select.value);
  const rowMatches = (row, choices) =>
    choices.every(({ dataset, value }) => {
      const of = row.dataset[dataset.by];
      return of === value || of.split(", ").includes(value);
    });

  const highlight = (terms) => {
    if (!("highlights" in CSS)) return;
    CSS.highlights.delete("found");
    if (!terms.length) return;
    const found = new Highlight();
    const texts = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT);
    for (let node = texts.nextNode(); node && found.size < 5000; node = texts.nextNode()) {
      const text = node.data.toLowerCase();
      for (const term of terms) {
        for (let at = text.indexOf(term); at >= 0; at = text.indexOf(term, at + term.length)) {
          const range = new Range();
          range.setStart(node, at);
          range.setEnd(node, at + term.length);
          found.add(range);
        }
      }
    }
    CSS.highlights.set("found", found);
  };

  const apply = () => {
    const terms = letters(words.value).split(/\s+/).filter(Boolean);
    const says = (block) => terms.every((term) => textOf(block).includes(term));
    const choices = chosen();
    let shown = 0;
    for (const claim of claims) {
      const rows = [...claim.querySelectorAll("tr[data-verdict]")];
      for (const row of rows) row.hidden = !rowMatches(row, choices);
      const further = claim.querySelector("details.further");
      if (further && choices.length) {
        further.open = [...further.querySelectorAll("tr[data-verdict]")].some((row) => !row.hidden);
      }
      claim.hidden = !says(claim) || (choices.length > 0 && rows.every((row) => row.hidden));
      shown += claim.hidden ? 0 : 1;
    }
    const also = terms.length ? others.filter(says) : [];
    const active = terms.length > 0 || choices.length > 0;
    told.textContent = active ? `${shown} of ${claims.length} claims.` : "";
    if (also.length) {
      told.append(" Also in: ");
      also.slice(0, 12).forEach((block, i) => {
        const link = document.createElement("a");
        if (!block.id) block.id = `found-${others.indexOf(block)}`;
        link.href = `#${block.id}`;
        link.textContent = block.querySelector("h3").textContent;
        link.addEventListener("click", () => open(block));
        told.append(i ? "; " : "", link);
      });
    }
    highlight(terms);
  };

  unfold.addEventListener("click", () => {
    const opening = claims.some((claim) => !claim.hidden && !claim.open);
    for (const claim of claims) if (!claim.hidden) claim.open = opening;
    unfold.textContent = opening ? "Close all" : "Open all";
  });
  let waiting = 0;
  form.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(apply, 120);
  });
  form.addEventListener("reset", () => setTimeout(apply));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    apply();
  });

  let closed = [];
  addEventListener("beforeprint", () => {
    const printed = "#claims details.claim:not([open]), #verdicts:not([open])";
    closed = [...document.querySelectorAll(printed)];
    for (const block of closed) block.open = true;
  });
  addEventListener("afterprint", () => {
    for (const block of closed) block.open = false;
  });

  // What scrolls sideways can be reached by keyboard, and what does not is no stop on the way.
  const stops = () => {
    for (const wide of document.querySelectorAll(".wide")) {
      if (wide.parentElement.closest("details:not([open])")) continue; // not laid out, and stays so
      if (wide.scrollWidth > wide.clientWidth) wide.tabIndex = 0;
      else wide.removeAttribute("tabindex");
    }
  };
  document.addEventListener("toggle", stops, true);
  addEventListener("resize", stops);

  addEventListener("hashchange", openTarget);
  form.hidden = claims.length === 0;
  openTarget();
  stops();
})();
