// Reads the rules and flows of every site out of the page's own text, and shows those that are asked for.
//
// What stands in <noscript> is text to a browser that runs scripts: reading 50,000 rows from it takes a
// fraction of making them elements. Rows are never built from decoded text, only cut from what the report
// escaped already, so that what was text in the file is text on the page.
(() => {
  "use strict";

  const FIRST = 30; // rows made at first, so that the sections below stay near
  const PAGE = 100; // rows made at once after that
  const ENTITIES = { amp: "&", lt: "<", gt: ">", "#34": '"', "#39": "'" };

  // ---- rows from the page's text

  const between = (text, start, end) => {
    const from = text.indexOf(start) + start.length;
    if (from < start.length) return "";
    const to = text.indexOf(end, from);
    return text.slice(from, to < 0 ? text.length : to);
  };

  const plain = (html) =>
    html.replace(/<[^>]*>/g, " ").replace(/&(amp|lt|gt|#34|#39);/g, (_, name) => ENTITIES[name]);

  const catalogue = new Map();
  for (const row of document.querySelectorAll("#catalogue tbody tr")) {
    const [id, evidence, lines, purpose] = row.cells;
    catalogue.set(id.textContent.trim(), {
      evidence: evidence.textContent.trim(),
      why: `${evidence.innerHTML} <span class="purpose">${purpose.innerHTML}</span> <small>${lines.innerHTML}</small>`,
    });
  }

  const rolesOf = new Map();
  const machinesOf = new Map();
  for (const row of document.querySelectorAll("tr[data-group]")) {
    rolesOf.set(row.dataset.group, row.dataset.roles.split(" "));
    machinesOf.set(row.dataset.group, row.cells[1].textContent);
  }

  function* readRules(site, text) {
    for (const piece of between(text, '<tbody class="rules">', "</tbody>").split("<tr ").slice(1)) {
      const [head, group, way, protocol, ports, peer, why] = piece.split("<td>");
      const id = between(head, 'id="', '"'); // rule-SITE/GROUP/...
      const own = id.slice(5).split("/", 2).join("/");
      yield {
        id,
        site,
        others: `${own} ${machinesOf.get(own)}`, // what the row shortens
        roles: rolesOf.get(own) || [],
        evidence: [...why.split("</summary>")[0].matchAll(/<i class=(\w+)>/g)].map((found) => found[1]),
        protocol: plain(protocol).trim(),
        way: way.slice(0, 3).replace("<", "").trim(),
        cells: [site, group, way, protocol, ports, peer, why],
      };
    }
  }

  function* readFlows(site, text) {
    for (const block of text.split('<tbody class="flow">').slice(1)) {
      const id = between(block, "#flow-", '"');
      const { evidence, why } = catalogue.get(id) || { evidence: "", why: "" };
      for (const piece of block.split("<tr><td>").slice(1)) {
        const [from, to, way, protocol, ports] = piece.split("</tbody>")[0].split("<td>");
        yield {
          id: "",
          site,
          roles: [from, to].map((end) => between(end, "<small>", "</small>")).filter(Boolean),
          evidence: [evidence],
          protocol: protocol.trim(),
          way: way.trim(),
          cells: [`<a href="#flow-${id}">${id}</a>`, site, from, to, way, protocol, ports, why],
        };
      }
    }
  }

  const drawRule = (row) => {
    const link = `<p><a href="#${row.id}">Link to this rule</a></p></details>`;
    const cells = [...row.cells];
    const last = cells.length - 1;
    cells[last] = cells[last].replace(/<\/details>\s*$/, link);
    return `<tr id="${row.id}" class="rule"><td>${cells.join("<td>")}`;
  };
  const drawFlow = (row) => `<tr class="flow"><td>${row.cells.join("<td>")}`;

  // ---- one searchable table

  class Explorer {
    constructor(section, rows, draw, noun) {
      this.rows = rows;
      this.draw = draw;
      this.noun = noun;
      this.form = section.querySelector("form");
      this.body = section.querySelector("tbody");
      this.status = section.querySelector('[role="status"]');
      this.more = section.querySelector(".more");
      this.paper = section.querySelector(".paper");
      this.shown = FIRST;
      for (const name of ["site", "role", "evidence", "protocol", "way"]) this.offer(name);
      let waiting = 0;
      const soon = () => {
        clearTimeout(waiting);
        waiting = setTimeout(() => this.filter(), this.rows.length > 5000 ? 150 : 0);
      };
      for (const event of ["input", "change"]) this.form.addEventListener(event, soon);
      this.form.addEventListener("submit", (event) => event.preventDefault());
      this.form.addEventListener("reset", () => setTimeout(() => this.filter()));
      this.more.querySelector("button").addEventListener("click", () => this.showMore());
      this.filter();
    }

    offer(name) {
      const field = name === "role" ? "roles" : name;
      const values = new Set();
      for (const row of this.rows) {
        if (Array.isArray(row[field])) row[field].forEach((value) => values.add(value));
        else values.add(row[field]);
      }
      const select = this.form.elements[name];
      for (const value of [...values].sort()) select.add(new Option(value, value));
    }

    filter() {
      const wanted = Object.fromEntries(new FormData(this.form));
      const asked = JSON.stringify(wanted);
      if (asked === this.asked) return; // leaving a field is a change too, and must close no open rule
      this.asked = asked;
      const words = wanted.text.toLowerCase().split(/\s+/).filter(Boolean);
      this.matches = this.rows.filter(
        (row) =>
          (!wanted.site || row.site === wanted.site) &&
          (!wanted.role || row.roles.includes(wanted.role)) &&
          (!wanted.evidence || row.evidence.includes(wanted.evidence)) &&
          (!wanted.protocol || row.protocol === wanted.protocol) &&
          (!wanted.way || row.way === wanted.way) &&
          words.every((word) => this.textOf(row).includes(word)),
      );
      this.shown = FIRST;
      this.render();
    }

    textOf(row) {
      row.text ??= `${plain(row.cells.join(" "))} ${row.others || ""}`.toLowerCase();
      return row.text;
    }

    render() {
      this.body.innerHTML = this.matches.slice(0, this.shown).map(this.draw).join("");
      this.tell();
    }

    showMore() {
      const next = this.matches.slice(this.shown, this.shown + PAGE);
      this.body.insertAdjacentHTML("beforeend", next.map(this.draw).join(""));
      this.shown += PAGE;
      this.tell();
    }

    tell() {
      const [found, all] = [this.matches.length, this.rows.length].map((n) => n.toLocaleString("en"));
      this.status.textContent = `${found} of ${all} ${this.noun}`;
      this.more.hidden = this.matches.length <= this.shown;
      this.more.querySelector("button").textContent =
        `Show ${Math.min(PAGE, this.matches.length - this.shown)} more of ${found}`;
    }

    choose(site) {
      for (const field of this.form.querySelectorAll("input, select")) field.value = "";
      this.form.elements.site.value = site;
      this.filter();
    }

    // Show the row of this id, whatever was filtered before; its element, or null.
    reveal(id) {
      const row = this.rows.find((one) => one.id === id);
      if (!row) return null;
      if (!this.matches.includes(row)) this.choose(row.site);
      const place = this.matches.indexOf(row);
      if (place >= this.shown) {
        this.shown = Math.ceil((place + 1) / PAGE) * PAGE;
        this.render();
      }
      return document.getElementById(id);
    }

    // All rules that match, for paper: by machine, those that differ in their peers alone joined.
    write() {
      const machines = new Map();
      for (const { cells } of this.matches) {
        const [site, group, way, protocol, ports, peer, why] = cells;
        const needs = between(why, "<summary>", "</summary>") || why;
        const rules = machines.get(`${site}: ${group}`) || new Map();
        const rule = [[way, protocol, ports].filter(Boolean).join(" "), needs].join("<td>");
        const peers = peer.replace(/<details>.*?<\/summary>|<\/details>/g, "").trim();
        rules.set(rule, [...(rules.get(rule) || []), peers]);
        machines.set(`${site}: ${group}`, rules);
      }
      this.paper.innerHTML = [...machines].map(([name, rules]) => {
        const lines = [...rules].map(([rule, peers]) => {
          const [packets, needs] = rule.split("<td>");
          return `<li>${packets}: ${peers.join(", ")} ${needs}`;
        });
        return `<b>${name}</b><ul>${lines.join("")}</ul>`;
      }).join("");
    }
  }

  // ---- the page

  const explorers = [];

  const open = () => {
    const id = decodeURIComponent(location.hash.slice(1));
    if (!id) return;
    for (const marked of document.querySelectorAll(".marked")) marked.classList.remove("marked");
    let target = document.getElementById(id);
    if (id.startsWith("rule-")) {
      for (const explorer of explorers) target = explorer.reveal(id) || target;
    }
    if (!target) return;
    const reasons = target.matches("tr") && target.lastElementChild.querySelector("details");
    for (const details of [target.closest("details"), reasons]) if (details) details.open = true;
    target.classList.add("marked");
    target.scrollIntoView();
    if (target.matches("tr")) target.querySelector("summary")?.focus({ preventScroll: true });
  };

  const start = () => {
    document.documentElement.classList.replace("plain", "live");
    const sources = [...document.querySelectorAll("noscript[data-site]")];
    const kinds = { rules: [readRules, drawRule, "rules"], flows: [readFlows, drawFlow, "flows"] };
    for (const section of document.querySelectorAll("[data-explorer]")) {
      const [read, draw, noun] = kinds[section.dataset.explorer];
      const rows = sources.flatMap((one) => [...read(one.dataset.site, one.textContent)]);
      explorers.push(new Explorer(section, rows, draw, noun));
    }
    for (const link of document.querySelectorAll("a[data-site]")) {
      link.addEventListener("click", () => explorers.forEach((one) => one.choose(link.dataset.site)));
    }
    addEventListener("hashchange", open);
    // The browser looks for the anchor itself once all is loaded, and takes the focus away with it.
    addEventListener("load", () => requestAnimationFrame(open));
    addEventListener("beforeprint", () => explorers[0]?.write());
  };

  start();
})();
