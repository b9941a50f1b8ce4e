// The live page in Chromium: what it shows, and its use with mouse, keyboard and screen reader.

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { CallOutcome, RpcMetricsRegistry } from "nrpc-metrics";
import { pageListener } from "nrpc-metrics/page";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { hasChromium, launchChromium } from "../support/browsers/chromium.js";
import { AWKWARD_NAMES } from "../support/service-names.js";
import { fakeTime } from "../support/time.js";
import { visibleText } from "../../src/page/client/visible.ts";
import { shopTraffic } from "./shop.js";
import { cell, countCalls, namesIn, openTab, serve, withData } from "./tabs.js";

const HOSTILE_NAMES = [
  "<img src=x onerror=alert(1)>",
  '"><script>alert(1)</script>',
  "</title></style></script><script>alert(1)</script>",
  "javascript:alert(1)",
  "{{constructor.constructor('alert(1)')()}}",
  "\u202egnp.exe\u2066",
  "dos\r\nstyle",
  "tab\there",
  "a  b",
];

const vectorNames = ["label-escaping", "sort-order"].flatMap((vector) => {
  const file = new URL(`../conformance/vectors/${vector}.json`, import.meta.url);
  return JSON.parse(readFileSync(file, "utf8")).ops.map(([, name]) => name);
});

if (!hasChromium()) test.skip("the live page works in Chromium");
else
  describe("the live page in Chromium", () => {
    let browser;
    beforeAll(async () => {
      browser = await launchChromium();
    });
    afterAll(() => browser?.close());

    const focusedName = (tab) => tab.evaluate(() => document.activeElement.querySelector("bdi")?.title);
    const open = (url, options) => openTab(browser, url, options);

    test("the page shows what was counted, and updates as more is counted", async () => {
      const registry = new RpcMetricsRegistry();
      const { url } = await serve(pageListener(registry));
      const service = countCalls(registry, "shop/Buy", [0, 0, 0, 0, 0, 0, 2, 3], 2e7);
      service.add("inFlight", 4);
      service.observeHandler(() => {});
      const { tab, complaints } = await open(url, { width: 1700 });
      await expect.poll(() => cell(tab, "shop/Buy", "errors").textContent()).toBe("25.0%");
      expect(await cell(tab, "shop/Buy", "timeout").textContent()).toBe("12.5%");
      expect(await cell(tab, "shop/Buy", "no_route").textContent()).toBe("0");
      expect(await cell(tab, "shop/Buy", "in_flight").textContent()).toBe("4");
      expect(await cell(tab, "shop/Buy", "p50").textContent()).toBe("17.5ms");
      expect(await cell(tab, "shop/Buy", "running").textContent()).toBe("0");
      countCalls(registry, "shop/Buy", Array(12).fill(CallOutcome.Transport));
      service.addCapabilityDenied(7);
      await expect.poll(() => cell(tab, "shop/Buy", "errors").textContent(), { timeout: 10_000 }).toBe("70.0%");
      expect(await cell(tab, "shop/Buy", "denied").textContent()).toBe("7");
      registry.forService("shop/Sell");
      await expect.poll(() => namesIn(tab), { timeout: 10_000 }).toEqual(["shop/Buy", "shop/Sell"]);
      expect(complaints).toEqual([]);
    });

    test("the page sorts by any column, by mouse and keyboard, and sets aria-sort", async () => {
      const registry = new RpcMetricsRegistry();
      const { url } = await serve(pageListener(registry));
      countCalls(registry, "a", [0, 0, 3], 1e9);
      countCalls(registry, "b", [0, 0, 0, 0], 1e6);
      countCalls(registry, "c", [3], 1e7);
      registry.forService("idle");
      const { tab, complaints } = await open(url);
      await expect.poll(() => namesIn(tab)).toEqual(["b", "a", "c", "idle"]);
      const heading = (name) => tab.getByRole("columnheader", { name, exact: true });
      await heading("Errors").getByRole("button").click();
      await expect.poll(() => namesIn(tab)).toEqual(["c", "a", "b", "idle"]);
      expect(await heading("Errors").getAttribute("aria-sort")).toBe("descending");
      expect(await heading("Calls/s").getAttribute("aria-sort")).toBe("none");
      await tab.keyboard.press("Enter");
      await expect.poll(() => namesIn(tab)).toEqual(["b", "a", "c", "idle"]);
      expect(await heading("Errors").getAttribute("aria-sort")).toBe("ascending");
      await heading("Service").getByRole("button").press("Enter");
      await expect.poll(() => namesIn(tab)).toEqual(["a", "b", "c", "idle"]);
      for (const name of await tab.locator("thead tr:last-child button").allTextContents()) {
        await heading(name).first().getByRole("button").click();
        await expect.poll(() => heading(name).first().getAttribute("aria-sort")).not.toBe("none");
      }
      expect(complaints).toEqual([]);
    });

    test("/ starts filtering the page by name, Escape ends it, and the address keeps the page's state", async () => {
      const registry = new RpcMetricsRegistry();
      const { url } = await serve(pageListener(registry));
      for (const name of ["shop.Cart", "shop.Checkout", "mail.Outbox"]) countCalls(registry, name, [0]);
      const { tab, complaints } = await open(url);
      await tab.getByRole("rowheader", { name: "shop.Cart" }).waitFor();
      await tab.keyboard.press("/");
      await tab.keyboard.type("SHOP.c");
      await expect.poll(() => namesIn(tab)).toEqual(["shop.Cart", "shop.Checkout"]);
      expect(await tab.getByRole("status").textContent()).toContain("2 services match");
      await tab.getByText("Hour", { exact: true }).click();
      await tab.getByRole("button", { name: "shop.Checkout" }).click();
      expect(new URL(tab.url()).hash).toBe("#window=hour&filter=SHOP.c&open=shop.Checkout");
      const { tab: shared } = await open(tab.url());
      await shared.locator(".panel").waitFor();
      expect(await namesIn(shared)).toEqual(["shop.Cart", "shop.Checkout"]);
      expect(await shared.getByRole("radio", { name: "Hour" }).isChecked()).toBe(true);
      await tab.getByRole("searchbox").fill("no such");
      await tab.getByText("No service name contains “no such”.").waitFor();
      await tab.keyboard.press("Escape");
      await expect.poll(async () => (await namesIn(tab)).length).toBe(3);
      await tab.getByRole("searchbox").fill("no such");
      await tab.getByRole("button", { name: "Pause" }).focus();
      await tab.keyboard.press("/"); // and what is there is replaced
      await tab.keyboard.type("mail");
      await expect.poll(() => namesIn(tab)).toEqual(["mail.Outbox"]);
      expect(complaints).toEqual([]);
    });

    test("the page opens a row to show its histogram as bars", async () => {
      const registry = new RpcMetricsRegistry({ buckets: [0.01, 0.1, 1] });
      const { url } = await serve(pageListener(registry));
      const service = registry.forService("a");
      for (const ms of [5, 50, 50, 500, 5000, 5000, 5000]) service.recordCall(CallOutcome.Ok, ms * 1e6);
      for (const ms of [1, 2]) service.recordHandlerDuration(ms * 1e6);
      const { tab, complaints } = await open(url);
      const button = tab.getByRole("button", { name: "a", exact: true });
      expect(await button.getAttribute("aria-expanded")).toBe("false");
      await button.click();
      expect(await button.getAttribute("aria-expanded")).toBe("true");
      const bars = (i) =>
        tab
          .locator(".histogram")
          .nth(i)
          .locator("li")
          .evaluateAll((items) =>
            items.map((item) => ({
              label: item.getAttribute("aria-label"),
              shown: item.textContent,
              height: item.querySelector("span").offsetHeight,
            })),
          );
      await expect.poll(() => tab.locator(".histogram").count()).toBe(2);
      expect(await bars(0)).toEqual([
        { label: "up to 10 ms: 1 call", shown: "110 ms", height: 21 },
        { label: "up to 100 ms: 2 calls", shown: "2100 ms", height: 43 },
        { label: "up to 1 s: 1 call", shown: "11 s", height: 21 },
        { label: "above 1 s: 3 calls", shown: "3> 1 s", height: 64 },
      ]);
      expect((await bars(1)).map(({ height }) => height)).toEqual([64, 0, 0, 0]);
      await button.click();
      await expect.poll(() => tab.locator(".panel").count()).toBe(0);
      expect(complaints).toEqual([]);
    });

    test("the page lists the statuses of an opened row on both sides, the faults of servers in red", async () => {
      const registry = new RpcMetricsRegistry({ buckets: [0.01] });
      const { url } = await serve(pageListener(registry));
      const service = registry.forService("a");
      for (const [status, calls] of [
        ["ok", 12],
        ["not_found", 4],
        ["internal", 2],
        ["cancelled", 1],
      ])
        for (let i = 0; i < calls; i++) service.recordCall(status, 1e6);
      service.recordCall(CallOutcome.Ok, 1e6); // without a status
      service.add("handlerInvocationsTotal", 4);
      service.add("handlerStatuses.unavailable", 1);
      const { tab, complaints } = await open(`${url}#open=a`);
      const tables = () =>
        tab
          .locator(".statuses")
          .evaluateAll((tables) =>
            tables.map((table) =>
              Array.from(table.rows, (row) => [
                ...Array.from(row.cells, ({ textContent }) => textContent.trim()),
                getComputedStyle(row.cells[1]).color === getComputedStyle(document.body).color ? "" : "red",
              ]),
            ),
          );
      await expect.poll(tables).toEqual([
        [
          ["ok", "12", "60.0 %", ""],
          ["cancelled", "1", "5.00 %", ""],
          ["not_found", "4", "20.0 %", ""],
          ["internal", "2", "10.0 %", "red"],
        ],
        [["unavailable", "1", "25.0 %", "red"]],
      ]);
      const cell = (column) => tab.locator(`.row [data-column=${column}]`).textContent();
      expect([await cell("errors"), await cell("handler_errors")]).toEqual(["35.0%", "25.0%"]);
      expect(complaints).toEqual([]);
    });

    test("the page shows every name as text: no markup, no script, nothing that changes the direction of other text", async () => {
      const registry = new RpcMetricsRegistry({ maxServiceNameBytes: 4096 });
      const names = [...new Set([...AWKWARD_NAMES, ...vectorNames, ...HOSTILE_NAMES])];
      for (const name of names) countCalls(registry, name, [0]);
      const expected = [...new Set(registry.snapshot().services.map(({ service }) => visibleText(service)))];
      const { url } = await serve(pageListener(registry));
      const { tab, complaints } = await open(url);
      await tab.locator(".row").first().waitFor();
      const shown = new Map();
      for (let top = 0; shown.size < expected.length && top < 34 * expected.length; top += 400) {
        await tab.evaluate((y) => document.querySelector(".table").scrollTo(0, y), top);
        await tab.waitForTimeout(60);
        const rows = await tab
          .locator("tbody .name button")
          .evaluateAll((buttons) => buttons.map((button) => [button.querySelector("bdi").title, button.textContent]));
        for (const [name, text] of rows) shown.set(name, text);
      }
      expect([...shown.keys()].sort()).toEqual(expected.sort());
      for (const text of shown.values()) {
        // biome-ignore lint/suspicious/noControlCharactersInRegex: tests that there are no control characters
        expect(text).not.toMatch(/[\0-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]|^$|^ | $/);
      }
      for (const text of ["(empty name)", "line␊feed", "U+202Egnp.exeU+2066", "␠leading and trailing␠"])
        expect(shown.get(text)).toBe(text);
      expect(shown.get("👩‍👩‍👧‍👦")).toBe("👩‍👩‍👧‍👦");
      expect(shown.get("<img src=x onerror=alert(1)>")).toBe("<img src=x onerror=alert(1)>");
      expect(await tab.locator("img, iframe, a, main script").count()).toBe(0);
      for (const name of HOSTILE_NAMES.slice(0, 3)) {
        await tab.getByRole("searchbox").fill(name);
        await expect.poll(async () => (await namesIn(tab)).length).toBe(1);
        await tab.locator(".name button").last().click();
        await tab.locator(".panel").waitFor();
      }
      expect(complaints).toEqual([]);
    });

    test("the page can be used by keyboard alone: arrows move between rows, Enter opens one", async () => {
      const registry = new RpcMetricsRegistry();
      for (let i = 0; i < 300; i++) countCalls(registry, `service ${String(i).padStart(3, "0")}`, [0]);
      const { url } = await serve(pageListener(registry));
      const { tab, complaints } = await open(url);
      await tab.locator(".row").first().waitFor();
      const focused = () => focusedName(tab);
      await tab.keyboard.press("ArrowDown");
      expect(await focused()).toBe("service 000");
      await tab.keyboard.press("ArrowDown");
      await tab.keyboard.press("ArrowDown");
      expect(await focused()).toBe("service 002");
      await tab.keyboard.press("Enter");
      await tab.locator(".panel").waitFor();
      expect(await focused()).toBe("service 002");
      await tab.keyboard.press("End");
      expect(await focused()).toBe("service 299");
      const isInSight = () =>
        tab.evaluate(() => {
          const { top, bottom } = document.activeElement.getBoundingClientRect();
          return top >= document.querySelector("thead").getBoundingClientRect().bottom && bottom <= innerHeight;
        });
      expect(await isInSight()).toBe(true);
      await tab.keyboard.press("PageUp");
      expect(await focused()).toBe("service 284");
      await tab.keyboard.press("Home");
      expect(await focused()).toBe("service 000");
      expect(await isInSight()).toBe(true);
      await tab.keyboard.press("Shift+Tab");
      expect(await tab.evaluate(() => document.activeElement.closest("thead") !== null)).toBe(true);
      await tab.getByRole("button", { name: "Pause" }).press("Space");
      await tab.getByRole("button", { name: "Resume" }).waitFor();
      expect(complaints).toEqual([]);
    });

    test("the page keeps the focus on a row that moves, and arrows move on from its new place", async () => {
      const registry = new RpcMetricsRegistry();
      const { url } = await serve(pageListener(registry));
      countCalls(registry, "a", [0, 0, 0]);
      countCalls(registry, "b", [0, 0]);
      countCalls(registry, "c", [0]);
      const { tab, complaints } = await open(url);
      await expect.poll(() => namesIn(tab)).toEqual(["a", "b", "c"]);
      for (let i = 0; i < 3; i++) await tab.keyboard.press("ArrowDown");
      countCalls(registry, "c", Array(9).fill(0));
      await expect.poll(() => namesIn(tab), { timeout: 15_000 }).toEqual(["c", "a", "b"]);
      expect(await focusedName(tab)).toBe("c");
      await tab.keyboard.press("ArrowDown");
      expect(await focusedName(tab)).toBe("a");
      expect(complaints).toEqual([]);
    });

    test("of 4,097 rows, the page only draws those in view, scrolls to the last one, and warns of overflow", async () => {
      const registry = new RpcMetricsRegistry();
      for (let i = 0; i < 4096; i++) countCalls(registry, `service ${String(i).padStart(4, "0")}`, [0]);
      for (let i = 0; i < 1234; i++) registry.forService(`late ${i}`);
      const { url } = await serve(pageListener(registry));
      const { tab, complaints } = await open(url);
      await tab.locator(".row").first().waitFor();
      await tab.getByText("1,234 lookups got no counters of their own").waitFor();
      expect(await tab.getByRole("table").getAttribute("aria-rowcount")).toBe(String(4097 + 2));
      await tab.getByRole("button", { name: "service 0001", exact: true }).click();
      await tab.locator(".panel").waitFor();
      const heights = () =>
        tab.evaluate(() => ({
          all: document.querySelector(".table").scrollHeight,
          panel: document.querySelector(".detail")?.offsetHeight,
        }));
      const { all, panel } = await heights();
      expect(all).toBeGreaterThan(4097 * 34 + panel);
      for (const share of [0.25, 0.5, 0.75, 1]) {
        await tab.evaluate((part) => {
          const box = document.querySelector(".table");
          box.scrollTo(0, part * box.scrollHeight);
        }, share);
        await tab.waitForTimeout(200);
        expect(await tab.locator("tbody .row").count()).toBeLessThan(80);
        const seen = await tab.evaluate(() => {
          const rows = [...document.querySelectorAll(".row")].map((row) => row.getBoundingClientRect());
          return {
            top: Math.min(...rows.map(({ top }) => top)),
            bottom: Math.max(...rows.map(({ bottom }) => bottom)),
          };
        });
        expect(seen.top).toBeLessThan(260);
        expect(seen.bottom).toBeGreaterThan(890);
        // Rows are where they would be if all were drawn, the open one included.
        expect((await heights()).all).toBe(all);
        const isInPlace = await tab.evaluate((panel) => {
          const [box, row] = [document.querySelector(".table"), document.querySelector(".row")];
          const fromTop = row.getBoundingClientRect().top - box.getBoundingClientRect().top + box.scrollTop;
          const head = document.querySelector("thead").offsetHeight;
          return Math.abs(fromTop - head - panel - 34 * Number(row.dataset.place)) < 2;
        }, panel);
        expect(isInPlace).toBe(true);
      }
      const last = tab.locator("tbody .row").last();
      expect(await last.getAttribute("aria-rowindex")).toBe(String(4097 + 2));
      expect(await last.locator(".name").textContent()).toBe("service 4095");
      expect(complaints).toEqual([]);
    });

    test("rows are drawn up to the edge below a tall panel, wherever it is scrolled to", async () => {
      const registry = new RpcMetricsRegistry();
      const { url } = await serve(pageListener(registry));
      for (let i = 0; i < 300; i++) countCalls(registry, `service ${String(i).padStart(3, "0")}`, [0]);
      const { tab } = await open(`${url}#open=service+001`, { width: 700 });
      await tab.locator(".histogram").waitFor();
      for (let place = 100; place < 108; place++) {
        await tab.evaluate((y) => document.querySelector(".table").scrollTo(0, y), 34 * place);
        await tab.waitForTimeout(150);
        const gap = await tab.evaluate(() => {
          const [head, row] = [document.querySelector("thead"), document.querySelector(".row")];
          return row.getBoundingClientRect().top - head.getBoundingClientRect().bottom;
        });
        expect(gap, `at row ${place}`).toBeLessThanOrEqual(0);
      }
    });

    test("the page says that the connection is lost and how old the numbers are, and continues once it is back", async () => {
      const registry = new RpcMetricsRegistry();
      countCalls(registry, "a", [0]);
      const { url, stop, start } = await serve(pageListener(registry));
      const { tab } = await open(url);
      await tab.locator(".row").first().waitFor();
      expect(await tab.locator(".status").textContent()).toMatch(/^Live (just now|\d s ago)$/);
      await stop();
      const alert = tab.getByRole("alert");
      await alert.waitFor({ timeout: 35_000 }); // on a busy machine the page pauses longer: up to 30 s
      expect(await alert.textContent()).toContain("Connection lost: the server can’t be reached.");
      await expect
        .poll(() => tab.locator(".status").textContent(), { timeout: 10_000 })
        .toMatch(/^Lost ([3-9]|\d\d) s ago$/);
      await start();
      await alert.waitFor({ state: "detached", timeout: 35_000 });
      expect(await tab.locator(".status").textContent()).toMatch(/^Live/);
    });

    test.each([
      {
        body: "The registry gives no snapshot: <b>gone</b>",
        shown: "The server says 503: The registry gives no snapshot: <b>gone</b>",
      },
      {
        body: `\n<!doctype html><h1>${"Sorry ".repeat(999)}</h1>`,
        shown: "The server says 503: Service Unavailable",
      },
      { body: "x".repeat(5000), shown: `The server says 503: ${"x".repeat(200)}` },
      { body: "", shown: "The server says 503" },
    ])("the page shows the server's message if there is no data: $shown", async ({ body, shown }) => {
      const page = pageListener(new RpcMetricsRegistry());
      const { url } = await serve(withData(page, (_, response) => response.writeHead(503).end(body)));
      const { tab } = await open(url);
      await expect.poll(() => tab.getByRole("alert").locator("b").textContent()).toBe(shown);
    });

    test("the page asks for at most 200 details, however tall the window is, and keeps its own query", async () => {
      const registry = new RpcMetricsRegistry();
      for (let i = 0; i < 300; i++) countCalls(registry, String(i), [0]);
      const page = pageListener(registry);
      const asked = [];
      const listener = Object.assign(
        (request, response) => {
          asked.push(new URL(request.url, "http://localhost").searchParams);
          page(request, response);
        },
        { close: () => page.close() },
      );
      const { url } = await serve(listener);
      const { tab, complaints } = await open(`${url}?token=1&service=0#window=foo`, { width: 1100, height: 8000 });
      await expect.poll(() => asked.at(-1).getAll("service").length, { timeout: 10_000 }).toBe(200);
      expect(asked.at(-1).get("token")).toBe("1");
      expect(asked.at(-1).get("window")).toBe("minute");
      await tab.waitForTimeout(300);
      expect(await tab.getByRole("alert").count()).toBe(0);
      expect(complaints).toEqual([]);
    });

    test("while paused, the page only updates if another window is selected", async () => {
      const registry = new RpcMetricsRegistry();
      const { url } = await serve(pageListener(registry));
      const { tab, complaints } = await open(url);
      countCalls(registry, "a", [0]);
      await expect.poll(() => namesIn(tab), { timeout: 10_000 }).toEqual(["a"]);
      await tab.getByRole("button", { name: "Pause" }).click();
      countCalls(registry, "b", [0]);
      await tab.waitForTimeout(3000);
      expect(await namesIn(tab)).toEqual(["a"]);
      expect(await tab.locator(".status").textContent()).toMatch(/^Paused [2-9] s ago$/);
      await tab.getByText("Since start").click();
      await expect.poll(async () => (await namesIn(tab)).sort(), { timeout: 10_000 }).toEqual(["a", "b"]);
      countCalls(registry, "c", [0]);
      await tab.waitForTimeout(3000);
      expect(await namesIn(tab)).toHaveLength(2);
      await tab.getByRole("button", { name: "Resume" }).click();
      await expect.poll(async () => (await namesIn(tab)).length, { timeout: 10_000 }).toBe(3);
      expect(complaints).toEqual([]);
    });

    test("the page sums up the services that match the filter, and says how much of the window there is", async () => {
      const registry = new RpcMetricsRegistry();
      const time = fakeTime(["performance", "setInterval", "clearInterval"]);
      const listener = pageListener(registry);
      time.advance(50_000, () => {
        const shop = countCalls(registry, "shop", [0, 0, 0, 2]);
        shop.add("inFlight", 1);
        for (let i = 0; i < 5; i++) shop.observeHandler(() => {});
        shop.addStreamingChunksDropped(2);
        countCalls(registry, "mail", [0, 3]).addCapabilityDenied();
      });
      time.restore();
      const { url } = await serve(listener);
      const { tab } = await open(url);
      const figures = async () => {
        const texts = await tab
          .locator("header dl > div")
          .evaluateAll((items) => items.map(({ children }) => Array.from(children, ({ textContent }) => textContent)));
        return Object.fromEntries(texts);
      };
      await expect.poll(figures).toMatchObject({ Services: "2", Errors: "33.3%", "In flight": "10", Throws: "0" });
      expect(await figures()).toMatchObject({ Running: "0", Dropped: "20", Denied: "10" });
      expect(Number((await figures())["Calls/s"])).toBeCloseTo(60 / 52, 0);
      expect((await figures())["Window so far"]).toMatch(/^5\d s$/);
      await tab.getByRole("searchbox").fill("mail");
      await expect
        .poll(figures)
        .toMatchObject({ "of 2 services": "1", Errors: "50.0%", "In flight": "0", Denied: "10" });
      await tab.getByText("Since start").click();
      await expect.poll(figures).toHaveProperty("Window");
    });

    test("the page asks for the details of rows that come into view, without waiting for the next round", async () => {
      const registry = new RpcMetricsRegistry();
      for (let i = 0; i < 300; i++) countCalls(registry, `service ${String(i).padStart(3, "0")}`, [0]);
      const page = pageListener(registry);
      let asked = [];
      const { url } = await serve(
        withData(page, (request, _response, pass) => {
          asked = new URL(request.url, "http://localhost").searchParams.getAll("service");
          setTimeout(pass, 1000); // the page then waits for ten seconds
        }),
      );
      const { tab } = await open(`${url}#sort=service&order=ascending`);
      await expect.poll(() => asked[0], { timeout: 5000 }).toBe("service 000");
      await tab.waitForTimeout(1500);
      await tab.evaluate(() => document.querySelector(".table").scrollTo(0, 34 * 200));
      await expect.poll(() => asked, { timeout: 5000 }).toContain("service 205");
      await tab.getByRole("searchbox").fill("service 17");
      await expect.poll(() => asked[0], { timeout: 5000 }).toBe("service 170");
      await tab.getByRole("button", { name: "service 175" }).click();
      await expect.poll(() => asked[0], { timeout: 5000 }).toBe("service 175");
      await tab.getByRole("searchbox").fill(""); // which scrolls up: only the open row is out of sight
      await expect.poll(() => asked.slice(0, 2), { timeout: 5000 }).toEqual(["service 175", "service 000"]);
    });

    test("a page that nobody sees asks for nothing, and asks at once when it is seen again", async () => {
      const registry = new RpcMetricsRegistry();
      countCalls(registry, "a", [0]);
      const page = pageListener(registry);
      let asked = 0;
      const { url } = await serve(
        withData(page, (_request, _response, pass) => {
          asked++;
          pass();
        }),
      );
      const { tab } = await open(url);
      await tab.locator(".row").first().waitFor();
      const setHidden = (isHidden) =>
        tab.evaluate((value) => {
          Object.defineProperty(document, "hidden", { value, configurable: true });
          document.dispatchEvent(new Event("visibilitychange"));
        }, isHidden);
      await tab.waitForTimeout(500); // the request for details of the first rows
      await tab.getByRole("searchbox").fill("a"); // asks for details of the rows that match, a moment later
      await setHidden(true);
      const before = asked;
      await tab.waitForTimeout(5000);
      expect(asked).toBe(before);
      await setHidden(false);
      await expect.poll(() => asked).toBeGreaterThan(before);
      await tab.getByRole("button", { name: "Pause" }).click();
      await setHidden(true);
      const paused = asked;
      await setHidden(false);
      await tab.waitForTimeout(500);
      expect(asked).toBe(paused);
    });

    test("a page that is opened in the background asks for nothing until it is seen", async () => {
      const registry = new RpcMetricsRegistry();
      countCalls(registry, "a", [0]);
      let asked = 0;
      const { url } = await serve(
        withData(pageListener(registry), (_request, _response, pass) => {
          asked++;
          pass();
        }),
      );
      const { tab } = await open("about:blank");
      await tab.addInitScript(() => Object.defineProperty(document, "hidden", { value: true, configurable: true }));
      await tab.goto(url);
      await tab.waitForTimeout(3000);
      expect(asked).toBe(0);
      await tab.evaluate(() => {
        Object.defineProperty(document, "hidden", { value: false });
        document.dispatchEvent(new Event("visibilitychange"));
      });
      await tab.locator(".row").first().waitFor();
    });

    test("text of a row can be selected, and the browser's own keys work, without opening rows or moving the focus", async () => {
      const registry = new RpcMetricsRegistry();
      countCalls(registry, "a", [0]);
      const { url } = await serve(pageListener(registry));
      const { tab, complaints } = await open(url);
      const calls = cell(tab, "a", "in_flight");
      await calls.waitFor();
      for (const key of ["Control+ArrowDown", "Alt+Home", "Meta+End", "x", "Control+/"]) await tab.keyboard.press(key);
      expect(await tab.evaluate(() => document.activeElement === document.body)).toBe(true);
      const { x, y, width, height } = await calls.boundingBox();
      await tab.mouse.move(x + 2, y + height / 2);
      await tab.mouse.down();
      await tab.mouse.move(x + width - 2, y + height / 2, { steps: 5 });
      await tab.mouse.up();
      expect(await tab.evaluate(() => getSelection().toString().trim())).toBe("0");
      expect(await tab.locator(".panel").count()).toBe(0);
      await tab.getByRole("button", { name: "a", exact: true }).press("Enter"); // whatever is selected
      await tab.locator(".panel").waitFor();
      await tab.getByRole("heading", { name: "RPC metrics" }).selectText();
      await calls.click();
      await tab.locator(".panel").waitFor({ state: "detached" });
      expect(complaints).toEqual([]);
    });

    test("a panel that opens below the edge of the window is scrolled into view", async () => {
      const registry = new RpcMetricsRegistry();
      for (let i = 0; i < 100; i++) countCalls(registry, `service ${String(i).padStart(2, "0")}`, [0]);
      const { url } = await serve(pageListener(registry));
      const { tab } = await open(url);
      await tab.locator(".row").first().waitFor();
      const last = await tab.evaluate(() => {
        const box = document.querySelector(".table").getBoundingClientRect();
        const rows = [...document.querySelectorAll(".row")];
        return rows.findLast((row) => row.getBoundingClientRect().bottom <= box.bottom).dataset.place;
      });
      await tab.locator(`[data-place="${last}"] button`).click();
      await tab.locator(".panel").waitFor();
      const bottom = () => tab.evaluate(() => document.querySelector(".detail").getBoundingClientRect().bottom);
      await expect.poll(bottom).toBeLessThanOrEqual(900);
    });

    test("the page explains how services appear while there are none", async () => {
      const registry = new RpcMetricsRegistry();
      const { url } = await serve(pageListener(registry));
      const { tab, complaints } = await open(url);
      await tab.getByRole("heading", { name: "No services yet" }).waitFor();
      registry.forService("first");
      await expect.poll(() => namesIn(tab), { timeout: 10_000 }).toEqual(["first"]);
      expect(complaints).toEqual([]);
    });

    test("the page has names and roles for screen readers", async () => {
      const registry = new RpcMetricsRegistry();
      const time = fakeTime(["performance", "setInterval", "clearInterval"]);
      const listener = pageListener(registry);
      time.advance(60_000, () => countCalls(registry, "shop/Buy", [0, 3]));
      time.restore();
      const { url } = await serve(listener);
      const { tab } = await open(`${url}#open=shop/Buy`);
      await tab.locator(".histogram").waitFor();
      const tree = await tab.locator("body").ariaSnapshot();
      for (const part of [
        'heading "RPC metrics" [level=1]',
        'searchbox "Filter services by name"',
        'group "Window"',
        'radio "Minute" [checked]',
        'button "Pause"',
        'region "Services"',
        "- table",
        'columnheader "Calls made"',
        'columnheader "Calls/s"',
        'rowheader "shop/Buy"',
        'button "shop/Buy" [expanded]',
        "- status",
        'img "Calls made per second: 0.40 now, at most 0.40 in 1 min"',
      ])
        expect(tree).toContain(part);
    });

    const LOOKS = {
      "page-light": { height: 620 },
      "page-dark": { colorScheme: "dark", hash: "#sort=errors&open=shop.v1.Checkout%2FPlaceOrder" },
      "page-phone": { width: 390, height: 844 },
    };

    test.each(Object.entries(LOOKS))(
      "the page of %s.png has readable colours, rows of equal height and no sideways scrolling",
      async (name, look) => {
        const { width = 1440, height = 700, hash = "", colorScheme } = look;
        const registry = new RpcMetricsRegistry();
        const time = fakeTime(["performance", "setInterval", "clearInterval"]);
        const listener = pageListener(registry);
        const traffic = shopTraffic(registry);
        time.advance(6 * 60_000, () => traffic(5));
        time.restore();
        const { url } = await serve(listener);
        const { tab, complaints } = await open(url + hash, { width, height, colorScheme });
        await tab
          .locator(hash ? ".histogram" : ".row")
          .first()
          .waitFor();
        if (width > 800) {
          await tab.locator("svg path").first().waitFor();
          // Faults are drawn on both sides, but not the errors that callers caused.
          const faults = (service) => tab.locator(".row", { hasText: service }).locator("path.bad").count();
          expect(await faults("shop.v1.Checkout/PlaceOrder")).toBe(2);
          expect(await faults("shop.v1.Catalog/GetProduct")).toBe(0);
          const errors = tab.locator(".row", { hasText: "shop.v1.Catalog/GetProduct" }).locator("[data-column=errors]");
          expect(await errors.textContent()).toMatch(/^[1-9]\.\d+%$/);
          expect(await errors.getAttribute("class")).toBe("");
        }
        const contrasts = await tab.evaluate(worstContrasts);
        for (const { text, contrast } of contrasts) expect(contrast, text).toBeGreaterThanOrEqual(4.5);
        const heights = await tab.locator(".row").evaluateAll((rows) => rows.map((row) => row.offsetHeight));
        expect(new Set(heights)).toEqual(new Set([34])); // the page computes the height of rows that are not drawn from it
        const isSideways = await tab.evaluate(() => document.documentElement.scrollWidth > innerWidth);
        expect(isSideways).toBe(false);
        const png = await tab.screenshot();
        expect(png.subarray(1, 4).toString()).toBe("PNG");
        expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([width, height]);
        expect(png.length).toBeGreaterThan(20_000); // a blank one would be much smaller
        const folder = fileURLToPath(new URL("../../build/screenshots/", import.meta.url));
        mkdirSync(folder, { recursive: true });
        writeFileSync(`${folder}${name}.png`, png);
        if (process.env.UPDATE_SCREENSHOTS && width > 800)
          writeFileSync(new URL(`../../docs/${name}.png`, import.meta.url), png);
        expect(complaints).toEqual([]);
      },
    );
  });

/** Runs in the page: the ten texts with the lowest contrast to their background, computed as in WCAG. */
function worstContrasts() {
  const parse = (color) => color.match(/[\d.]+/g).map(Number);
  const luminance = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map((c) => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const groundOf = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const color = parse(getComputedStyle(at).backgroundColor);
      if (color[3] !== 0) return color;
    }
    return [255, 255, 255];
  };
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement;
    if (!node.data.trim() || element.closest("script, style, noscript, .unseen")) continue;
    const [a, b] = [parse(getComputedStyle(element).color), groundOf(element)].map(luminance);
    found.push({ text: node.data.slice(0, 30), contrast: (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05) });
  }
  return found.sort((a, b) => a.contrast - b.contrast).slice(0, 10);
}
