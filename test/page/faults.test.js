// What the live page shows in Chromium if something goes wrong: the server, the browser, its width, or names.

import { RpcMetricsRegistry } from "nrpc-metrics";
import { pageListener } from "nrpc-metrics/page";
import { chromium } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { hasChromium, launchChromium } from "../support/browsers/chromium.js";
import { fakeTime } from "../support/time.js";
import { shopTraffic } from "./shop.js";
import { cell, countCalls, namesIn, openTab, serve, withData } from "./tabs.js";

/** Replaces the text nodes of the page as translators in browsers do. */
function translate() {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const nodes = [];
  for (let node = walker.nextNode(); node; node = walker.nextNode()) if (node.data.trim()) nodes.push(node);
  for (const node of nodes) {
    if (node.parentElement.closest("font, script, style, noscript")) continue;
    const outer = document.createElement("font");
    const inner = document.createElement("font");
    inner.textContent = node.data;
    outer.append(inner);
    node.replaceWith(outer);
  }
  document.querySelector("header").append(document.createElement("translator-bar"));
}

const ended = (response, status, body, headers) => response.writeHead(status, headers).end(body);

if (!hasChromium()) test.skip("the live page shows faults in Chromium");
else
  describe("the live page in Chromium", () => {
    let browser;
    beforeAll(async () => {
      browser = await launchChromium();
    });
    afterAll(() => browser?.close());

    const open = (url, options) => openTab(browser, url, options);
    const statusOf = (tab) => tab.locator(".status").textContent();
    const alertIn = (tab) => tab.getByRole("alert").first().textContent();

    describe("under a translator", () => {
      test("the page asks not to be translated", async () => {
        const { url } = await serve(pageListener(new RpcMetricsRegistry()));
        const { tab } = await open(url);
        expect(await tab.locator("html").getAttribute("translate")).toBe("no");
        expect(await tab.locator('meta[name="google"]').getAttribute("content")).toBe("notranslate");
      });

      test("the page goes on to show what is counted, says what happens, and keeps focus and place", async () => {
        const registry = new RpcMetricsRegistry();
        const { url } = await serve(pageListener(registry));
        for (let i = 0; i < 200; i++) countCalls(registry, `service ${String(i).padStart(3, "0")}`, [0]);
        const { tab, complaints } = await open(`${url}#sort=service&order=ascending&filter=ser`);
        await expect.poll(() => cell(tab, "service 000", "in_flight").textContent()).toBe("0");
        await tab.getByRole("searchbox").focus();
        await tab.evaluate(() => document.querySelector("#filter").setSelectionRange(1, 2));
        await tab.evaluate(() => document.querySelector(".table").scrollTo(0, 3400));
        await tab.locator('[data-place="100"]').waitFor();
        await tab.evaluate(translate);
        for (const running of ["7", "19"]) {
          registry.forService("service 105").add("inFlight", Number(running));
          const shown = () => cell(tab, "service 105", "in_flight").textContent();
          await expect.poll(shown, { timeout: 10_000 }).toBe(running === "7" ? "7" : "26");
        }
        await tab.getByText("A translator or an extension rewrites this page.").waitFor();
        expect(await statusOf(tab)).toMatch(/^Live/);
        expect(await tab.evaluate(() => document.querySelector(".table").scrollTop)).toBe(3400);
        const selection = () => {
          const { id, selectionStart, selectionEnd } = document.activeElement;
          return { id, selectionStart, selectionEnd };
        };
        expect(await tab.evaluate(selection)).toEqual({ id: "filter", selectionStart: 1, selectionEnd: 2 });
        await tab.keyboard.press("ArrowDown");
        const focusedPlace = () => tab.evaluate(() => document.activeElement.closest(".row")?.dataset.place);
        await expect.poll(focusedPlace).toBe("0");
        await tab.evaluate(translate);
        await expect.poll(() => tab.locator("font").count(), { timeout: 10_000 }).toBe(0);
        expect(await focusedPlace()).toBe("0");
        expect(complaints).toEqual([]);
      });

      test("the page keeps its numbers right under a translator that goes on, without drawing on and on", async () => {
        const registry = new RpcMetricsRegistry();
        const { url } = await serve(pageListener(registry));
        countCalls(registry, "a", [0]);
        const { tab } = await open(url);
        await cell(tab, "a", "in_flight").waitFor();
        await tab.evaluate(`(${goOnTranslating})(${translate})`);
        registry.forService("a").add("inFlight", 5);
        await expect.poll(() => cell(tab, "a", "in_flight").textContent(), { timeout: 10_000 }).toBe("5");
        registry.forService("a").add("inFlight", 5);
        await expect.poll(() => cell(tab, "a", "in_flight").textContent(), { timeout: 10_000 }).toBe("10");
        const before = await tab.evaluate("translations");
        await tab.waitForTimeout(4000);
        const during = (await tab.evaluate("translations")) - before;
        expect(during).toBeGreaterThan(0);
        expect(during).toBeLessThan(20);
      });

      test("elements that an extension adds change nothing", async () => {
        const registry = new RpcMetricsRegistry();
        const { url } = await serve(pageListener(registry));
        countCalls(registry, "a", [0]);
        const { tab } = await open(url);
        await cell(tab, "a", "in_flight").waitFor();
        await tab.evaluate(() => {
          document.querySelector("search").append(document.createElement("grammar-extension"));
          document.body.append(document.createElement("grammar-extension"));
        });
        registry.forService("a").add("inFlight", 5);
        await expect.poll(() => cell(tab, "a", "in_flight").textContent(), { timeout: 10_000 }).toBe("5");
        expect(await tab.getByRole("alert").count()).toBe(0);
        expect(await tab.locator("grammar-extension").count()).toBe(2);
      });
    });

    describe("if the server fails", () => {
      const registry = new RpcMetricsRegistry();
      countCalls(registry, "a", [0, 0, 0]);

      test("an error while drawing is shown, and the page drawn again once it can be", async () => {
        let isBroken = false;
        const page = pageListener(registry);
        const { url } = await serve(
          withData(page, (_, response, pass) => (isBroken ? ended(response, 200, broken) : pass())),
        );
        registry.forService("a").recordCall(0, 1e6);
        const broken = JSON.stringify({ ...(await (await fetch(`${url}?format=json`)).json()), buckets: null });
        const { tab } = await open(url);
        await cell(tab, "a", "calls").waitFor();
        isBroken = true;
        await expect.poll(() => alertIn(tab), { timeout: 10_000 }).toMatch(/^This page can’t be drawn: TypeError: /);
        expect(await tab.getByText("Live").count()).toBe(0);
        isBroken = false;
        await cell(tab, "a", "calls").waitFor({ timeout: 10_000 });
        expect(await tab.getByRole("alert").count()).toBe(0);
        expect(await statusOf(tab)).toMatch(/^Live/);
      });

      test.each([
        ["null", "The server has been updated: reload this page."],
        ['{"version":2}', "The server has been updated: reload this page."],
        ['{"version":1}', "The server’s data can’t be shown: TypeError: "],
        ["<!doctype html><h1>Log in</h1>", "The server’s reply is not this page’s data."],
        ['{"version":1,"rows":[["a"', "The server’s reply is not this page’s data."],
        ["", "The server’s reply is not this page’s data."],
      ])("the page says so if it is answered 200 and %j, and is not Live", async (body, shown) => {
        const page = pageListener(registry);
        const { url } = await serve(withData(page, (_, response) => ended(response, 200, body)));
        const { tab, complaints } = await open(url);
        await expect.poll(() => alertIn(tab)).toContain(shown);
        expect(await statusOf(tab)).toBe("Lost ");
        expect(complaints).toEqual([]);
      });

      test("a reply that breaks off is a lost connection", async () => {
        const page = pageListener(registry);
        const { url } = await serve(
          withData(page, (_, response) => {
            response.writeHead(200, { "content-length": "1000" });
            response.write('{"version":1,', () => response.destroy());
          }),
        );
        const { tab } = await open(url);
        await expect.poll(() => alertIn(tab)).toMatch(/^Connection lost: the server can’t be reached. Trying again/);
      });

      test("the page is Connecting until it has data, then Stale if newer data doesn't come, and Lost after 15 s", async () => {
        const held = [];
        let isHanging = true;
        const page = pageListener(registry);
        const { url } = await serve(
          withData(page, (_request, _response, pass) => {
            if (isHanging) held.push(pass);
            else pass();
          }),
        );
        const { tab } = await open(url, { hasClock: true });
        await expect.poll(() => held.length).toBe(1);
        expect(await statusOf(tab)).toBe("Connecting ");
        isHanging = false;
        held[0]();
        await expect.poll(() => statusOf(tab)).toMatch(/^Live (just now|\d s ago)$/);
        isHanging = true;
        const later = async () => {
          await tab.clock.fastForward(2000);
          return statusOf(tab);
        };
        await expect.poll(later, { timeout: 20_000 }).toMatch(/^Stale \d+ s ago$/);
        expect(await tab.getByRole("alert").count()).toBe(0);
        await expect.poll(later, { timeout: 20_000 }).toMatch(/^Lost \d\d s ago$/);
        expect(await alertIn(tab)).toBe(
          "The server has not answered for 15 s. The numbers below are old. Trying again in 30 s.",
        );
        isHanging = false;
        await tab.clock.fastForward(31_000);
        await expect.poll(() => statusOf(tab), { timeout: 20_000 }).toMatch(/^Live/);
      });

      test("the page keeps the pause that a server asks for by Retry-After, whatever the user does", async () => {
        const asked = [];
        const page = pageListener(registry);
        const { url } = await serve(
          withData(page, (_, response) => {
            asked.push(performance.now());
            ended(response, 503, "busy", { "retry-after": "6" });
          }),
        );
        const { tab } = await open(url);
        await expect.poll(() => alertIn(tab)).toMatch(/^The server says 503: busy Trying again in \d+ s\.$/);
        await tab.getByText("Hour", { exact: true }).click();
        await tab.getByRole("button", { name: "Pause" }).click();
        expect(await alertIn(tab)).toBe("The server says 503: busy ");
        await tab.getByRole("button", { name: "Resume" }).click();
        await expect.poll(() => asked.length, { timeout: 20_000 }).toBe(2);
        expect(asked[1] - asked[0]).toBeGreaterThan(5900);
      });

      test.each([
        ["a date", () => new Date(Date.now() + 20_000).toUTCString(), /in (1\d|20) s\.$/],
        ["more than ten minutes", () => "86400", /in 10 min\.$/],
        ["a date that is past", () => new Date(Date.now() - 20_000).toUTCString(), /busy Trying again( in \d s)?\.$/],
        ["nonsense", () => "soon", /busy Trying again( in \d s)?\.$/],
        ["a number below 0", () => "-5", /busy Trying again( in \d s)?\.$/],
      ])("the page understands Retry-After if it is %s", async (_, value, shown) => {
        const page = pageListener(registry);
        const { url } = await serve(
          withData(page, (_, response) => ended(response, 429, "busy", { "retry-after": value() })),
        );
        const { tab } = await open(url);
        await expect.poll(() => alertIn(tab)).toMatch(shown);
      });

      test("the page ends a request whose reply it no longer needs", async () => {
        const closed = [];
        let count = 0;
        const page = pageListener(registry);
        const { url } = await serve(
          withData(page, (request, response, pass) => {
            const number = ++count;
            response.once("close", () => closed.push(number));
            if (request.url.includes("window=hour")) setTimeout(pass, 1000);
          }),
        );
        const { tab } = await open(url);
        await expect.poll(() => count).toBe(1);
        await tab.getByText("Hour", { exact: true }).click();
        await expect.poll(() => closed).toContain(1);
        await tab.waitForTimeout(100);
        expect(await statusOf(tab)).toBe("Connecting ");
        await expect.poll(() => statusOf(tab)).toMatch(/^Live/);
        expect(await tab.getByRole("alert").count()).toBe(0);
      });
    });

    describe("in narrow windows", () => {
      /** A page with traffic in every column. */
      async function serveShop(names = (name) => name) {
        const registry = new RpcMetricsRegistry();
        const time = fakeTime(["performance", "setInterval", "clearInterval"]);
        const listener = pageListener(registry);
        const traffic = shopTraffic({ forService: (name) => registry.forService(names(name)) });
        time.advance(6 * 60_000, () => traffic(5));
        time.restore();
        return serve(listener);
      }

      /** How far the table's last column ends from the right edge of the table's box; below 0 if it is cut off. */
      const room = (tab) =>
        tab.evaluate(() => {
          const box = document.querySelector(".table");
          const edge = box.getBoundingClientRect().left + box.clientWidth;
          const ends = [...document.querySelectorAll(".row > :last-child, thead tr:last-child > :last-child")];
          return edge - Math.max(...ends.map((element) => element.getBoundingClientRect().right));
        });

      test.each([
        ["short", (name) => name],
        ["long", (name) => `${name} ${"very ".repeat(40)}long`],
      ])("all columns fit in a window of any width if names are %s", async (_, names) => {
        const { url } = await serveShop(names);
        const { tab } = await open(url, { width: 1920 });
        await cell(tab, /Cart.Get/, "calls").waitFor();
        for (const width of [1920, 1680, 1679, 1480, 1479, 1280, 1024, 999, 800, 600, 400, 360]) {
          await tab.setViewportSize({ width, height: 900 });
          const leastColumns = width < 1000 ? 5 : width < 1480 ? 13 : 18;
          const columns = () => tab.locator("thead tr:last-child th").count();
          await expect.poll(columns, { message: `at ${width} px` }).toBeGreaterThanOrEqual(leastColumns);
          await expect.poll(() => room(tab), { message: `at ${width} px` }).toBeGreaterThanOrEqual(0);
          expect(await columns(), `at ${width} px`).toBeGreaterThanOrEqual(leastColumns);
          expect(await tab.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true);
        }
      });

      test("columns come back when the window grows again", async () => {
        const { url } = await serveShop();
        const { tab } = await open(url, { width: 1920 });
        await cell(tab, "shop.v1.Cart/Get", "calls").waitFor();
        const columns = () => tab.locator("thead tr:last-child th").count();
        const all = await columns();
        for (const width of [400, 1920]) {
          await tab.setViewportSize({ width, height: 900 });
          if (width === 400) await expect.poll(columns).toBeLessThan(8);
        }
        await expect.poll(columns).toBe(all);
      });

      test("with a font too large for the columns, some are hidden, and the rest scrolls with a bar in sight", async () => {
        const { url } = await serveShop();
        const withBars = await chromium.launch({
          executablePath: "/usr/bin/chromium",
          args: ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"],
          ignoreDefaultArgs: ["--hide-scrollbars"],
        });
        try {
          const { tab } = await openTab(withBars, url, { width: 1400 });
          await cell(tab, "shop.v1.Cart/Get", "calls").waitFor();
          const barHeight = () =>
            tab.evaluate(() => {
              const { offsetHeight, clientHeight, clientTop } = document.querySelector(".table");
              return offsetHeight - clientHeight - clientTop;
            });
          await expect.poll(() => room(tab)).toBeGreaterThanOrEqual(0);
          expect(await barHeight()).toBe(0);
          await tab.setViewportSize({ width: 400, height: 800 });
          await tab.evaluate(() => {
            const sheet = new CSSStyleSheet();
            sheet.replaceSync(".row > td { font-size: 40px }");
            document.adoptedStyleSheets = [sheet];
          });
          await expect.poll(barHeight).toBeGreaterThan(5);
          const isAtBottom = await tab.evaluate(
            () => document.querySelector(".table").getBoundingClientRect().bottom <= innerHeight,
          );
          expect(isAtBottom).toBe(true);
        } finally {
          await withBars.close();
        }
      });
    });

    describe("with odd names", () => {
      test("opening a service called panel draws its panel, and every row once", async () => {
        const registry = new RpcMetricsRegistry();
        for (const name of ["panel", "row panel", "a", ""]) countCalls(registry, name, [0]);
        const { url } = await serve(pageListener(registry));
        const { tab, complaints } = await open(`${url}#sort=service&order=ascending`);
        for (const name of ["panel", "row panel", "(empty name)", "a"]) {
          await tab.getByRole("button", { name, exact: true }).click();
          await tab.locator(".panel").waitFor();
          registry.forService("panel").add("inFlight", 1);
          await tab.waitForTimeout(200);
          expect(await namesIn(tab)).toEqual(["(empty name)", "a", "panel", "row panel"]);
          expect(await tab.locator(".row.open + .detail").count()).toBe(1);
        }
        expect(complaints).toEqual([]);
      });

      test.each([
        ["control characters", "\u0001\n\u007f\u0085"],
        ["characters that change the direction", "\u202e\u2066\u200f\u061c"],
        ["combining characters", "a\u0301\u0316\u0489\u20dd"],
        ["wide characters", "﷽𒐫"],
        ["spaces", "  "],
      ])(
        "names of 1,024 bytes of %s stay in their cells, are drawn quickly, and can be read in full",
        async (_, text) => {
          const registry = new RpcMetricsRegistry();
          const bytes = new TextEncoder().encode(text).length;
          const { url } = await serve(pageListener(registry));
          for (let i = 0; i < 80; i++) countCalls(registry, `${i}${text.repeat(Math.floor(1020 / bytes))}`, [0]);
          const { tab, complaints } = await open(url, { width: 1000 });
          await tab.locator(".row").first().waitFor();
          const seen = await tab.evaluate(() => ({
            heights: [...new Set([...document.querySelectorAll(".row")].map((row) => row.offsetHeight))],
            elements: document.querySelectorAll(".row *").length,
            names: [...document.querySelectorAll(".name bdi")].map((name) => name.textContent.length),
            isSideways: document.documentElement.scrollWidth > innerWidth,
            // What a cell draws beyond its edges is cut off.
            overflows: [...document.querySelectorAll(".name button")].map((name) => getComputedStyle(name).overflow),
          }));
          expect(seen.heights).toEqual([34]);
          expect(seen.elements).toBeLessThan(80 * 80);
          expect(Math.max(...seen.names)).toBeLessThanOrEqual(800);
          expect(seen.isSideways).toBe(false);
          expect([...new Set(seen.overflows)]).toEqual(["hidden"]);
          await tab.locator("tbody .name button").first().click();
          await tab.locator(".panel .whole").waitFor();
          const { whole, title, isWider } = await tab.evaluate(() => {
            const whole = document.querySelector(".panel .whole");
            const { title } = document.querySelector("tbody .name bdi");
            return { whole: whole.textContent, title, isWider: whole.scrollWidth > whole.clientWidth };
          });
          expect(whole).toBe(title);
          expect(isWider).toBe(false);
          expect(whole).not.toContain("…");
          // biome-ignore lint/suspicious/noControlCharactersInRegex: tests that there are no control characters
          expect(whole).not.toMatch(/[\0-\x1f\x7f-\x9f\u202e\u2066\u200f\u061c]/);
          await tab.locator(".panel .histogram").waitFor(); // its details could be asked for
          await tab.locator("tbody .name button").nth(1).click();
          const second = await tab.locator("tbody .name bdi").nth(1).getAttribute("title");
          await expect.poll(() => tab.locator(".panel .whole").textContent()).toBe(second);
          expect(second).not.toBe(title);
          expect(complaints).toEqual([]);
        },
      );

      test("a filter in a link is shown with its invisible characters", async () => {
        const registry = new RpcMetricsRegistry();
        countCalls(registry, "a", [0]);
        const { url } = await serve(pageListener(registry));
        const { tab } = await open(`${url}#filter=%E2%80%AEx`);
        await tab.getByText("No service name contains “U+202Ex”.").waitFor();
      });
    });

    test("one service matches, and two match", async () => {
      const registry = new RpcMetricsRegistry({ maxServices: 2 });
      for (const name of ["a1", "a2", "late"]) countCalls(registry, name, [0]);
      const { url } = await serve(pageListener(registry));
      const { tab } = await open(`${url}#filter=a1`);
      await expect.poll(() => tab.getByRole("status").textContent()).toBe(" 1 service matches");
      await tab.getByText("of 3 services").waitFor();
      await tab.getByText("1 lookup got no counters of their own").waitFor();
      await tab.getByRole("searchbox").fill("a");
      await expect.poll(() => tab.getByRole("status").textContent()).toBe(" 2 services match");
    });

    test("a change of the address scrolls to the top only if it changes the filter or the order", async () => {
      const registry = new RpcMetricsRegistry();
      for (let i = 0; i < 300; i++) countCalls(registry, `service ${i}`, [0]);
      const { url } = await serve(pageListener(registry));
      const { tab } = await open(url);
      await tab.locator(".row").first().waitFor();
      const top = () => tab.evaluate(() => document.querySelector(".table").scrollTop);
      const go = (hash) =>
        tab.evaluate((hash) => {
          location.hash = hash;
          return new Promise((resolve) => setTimeout(resolve, 200));
        }, hash);
      await tab.evaluate(() => document.querySelector(".table").scrollTo(0, 3000));
      await go("#window=hour");
      expect(await top()).toBe(3000);
      expect(await tab.getByRole("radio", { name: "Hour" }).isChecked()).toBe(true);
      await go("#window=hour&open=service+7");
      expect(await top()).toBeGreaterThanOrEqual(3000);
      await go("#window=hour&filter=1");
      expect(await top()).toBe(0);
      await tab.evaluate(() => document.querySelector(".table").scrollTo(0, 500));
      await go("#window=hour&filter=1&sort=service");
      expect(await top()).toBe(0);
    });
  });

/** Runs in the page: translates whatever is drawn, again and again. */
function goOnTranslating(translate) {
  window.translations = 0;
  new MutationObserver((records) => {
    const isNew = records.some(({ addedNodes }) => [...addedNodes].some((node) => !/FONT|BAR/.test(node.nodeName)));
    if (!isNew) return;
    window.translations++;
    translate();
  }).observe(document.body, { childList: true, subtree: true });
  translate();
}
