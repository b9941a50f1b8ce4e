// Starts the page: holds its state, renders it and turns user input into state changes.

import { h } from "preact";
import type { PageDetail, PageRow } from "../page-data.js";
import { STEPS as COLUMN_STEPS, stepsFor } from "./columns.js";
import { poll } from "./poll.js";
import { LINKED, placeOf, readLink, matchingRows, type State, writeLink } from "./state.js";
import { Canvas } from "./canvas.js";
import { type Actions, ROW_HEIGHT, View } from "./view.js";

/** Rows are rendered in multiples of this, with some beyond both edges, so that most scrolling renders nothing new. */
const STEP = 8;
/** Delay between the last change of the visible rows and the request for their details. */
const SETTLED_MS = 120;

const state: State = {
  atMs: 0,
  lateAtMs: 0,
  failure: "",
  retryMs: 0,
  isRewritten: false,
  isPaused: false,
  active: 0,
  first: 0,
  drawn: 60,
  steps: stepsFor(innerWidth),
  panelHeight: 0,
  ...readLink(location.hash),
};
let rows: readonly PageRow[] = [];
let details = new Map<string, PageDetail>();
let isDrawScheduled = false;
let settleTimer: ReturnType<typeof setTimeout> | undefined;

const scroller = () => document.querySelector<HTMLElement>(".table");

function change(patch: Partial<State>): void {
  Object.assign(state, patch);
  const has = (...keys: (keyof State)[]) => keys.some((key) => key in patch);
  if (has("data", "filter", "sort", "order")) rows = matchingRows(state);
  if (has(...LINKED)) writeAddress();
  if (has("filter", "sort")) scroller()?.scrollTo({ top: 0 });
  // While paused, only a change of the window fetches new numbers, once.
  if (has("window") || (has("isPaused") && !state.isPaused)) refresh();
  else if (!state.isPaused && has("open", "filter", "sort", "order", "first")) pollSoon();
  else if (state.isPaused && has("isPaused", "data", "failure")) polling.stop();
  drawSoon();
}

function writeAddress(): void {
  try {
    history.replaceState(null, "", writeLink(state));
  } catch {
    // Safari refuses more than 100 changes in 30 seconds; the next one will do.
  }
}

/** Takes over what has changed in the address, and only that: a new filter, for one, scrolls to the top. */
function readAddress(): void {
  const link = readLink(location.hash);
  const changed = LINKED.filter((key) => link[key] !== state[key]);
  if (changed.length > 0) change(Object.fromEntries(changed.map((key) => [key, link[key]])));
}

/** Requests new numbers, unless nobody sees the page. Then that waits until it is seen. */
function refresh(): void {
  if (!document.hidden) polling.now();
}

/** Requests details of the visible rows, once these stop changing. */
function pollSoon(): void {
  clearTimeout(settleTimer);
  settleTimer = setTimeout(() => state.isPaused || refresh(), SETTLED_MS);
}

const polling = poll(
  () => ({
    window: state.window,
    services: [
      ...(state.open === null ? [] : [state.open]),
      ...rows.slice(state.first, state.first + state.drawn).map(([name]) => name),
    ],
  }),
  ({ data, ...times }) => {
    const isFirst = !state.data;
    details = new Map(data.details.map((detail) => [detail.service, detail]));
    change({ data, failure: "", ...times });
    if (isFirst && !state.isPaused) refresh(); // only now are there rows whose details can be requested
  },
  change,
);

function drawSoon(): void {
  if (isDrawScheduled) return;
  isDrawScheduled = true;
  // Not requestAnimationFrame: in a background page it does not run, and changes would never be rendered.
  setTimeout(draw);
}

/** Draws the page. If that fails, says so instead, and tries again with the next drawing. */
function draw(): void {
  isDrawScheduled = false;
  try {
    canvas.draw(<View {...{ state, rows, details, nowMs: performance.now(), actions }} />);
    measure();
  } catch (error) {
    canvas.fail(`This page can’t be drawn: ${error}`);
  }
}

const canvas = new Canvas(() => {
  state.isRewritten = true;
});

/** Takes over from what was drawn what the next drawing depends on. */
function measure(): void {
  const panelHeight = document.querySelector<HTMLElement>(".detail")?.offsetHeight ?? state.panelHeight;
  if (panelHeight !== state.panelHeight) change({ panelHeight });
  const box = scroller();
  if (box && box.scrollWidth > box.clientWidth && state.steps < COLUMN_STEPS) change({ steps: state.steps + 1 });
  updateVisibleRows();
}

/** Works out which rows are visible, and renders again if they have changed. */
function updateVisibleRows(): void {
  const box = scroller();
  if (!box) return;
  const openAt = placeOf(state.open, rows);
  const beforePanel = (openAt + 1) * ROW_HEIGHT;
  const isBelowPanel = openAt >= 0 && box.scrollTop > beforePanel;
  const top = isBelowPanel ? Math.max(beforePanel, box.scrollTop - state.panelHeight) : box.scrollTop;
  const first = Math.max(0, Math.floor(top / ROW_HEIGHT / STEP) * STEP - STEP);
  const drawn = Math.ceil(box.clientHeight / ROW_HEIGHT / STEP) * STEP + 3 * STEP;
  if (first !== state.first || drawn !== state.drawn) change({ first, drawn });
}

const actions: Actions = {
  change,
  sortBy(key) {
    // At first, numbers sort from the greatest down and names alphabetically; the same key again reverses the order.
    const isAscending = state.sort === key ? state.order === "descending" : key === "service";
    change({ sort: key, order: isAscending ? "ascending" : "descending" });
  },
};

function toggle(place: number): void {
  const name = rows[place]?.[0] ?? null;
  change({ open: state.open === name ? null : name, active: place });
  draw();
  document.querySelector(".detail")?.scrollIntoView({ block: "nearest" });
}

/** Moves the focus to a row, which may first have to be scrolled into view and rendered. */
function focusRow(place: number): void {
  const box = scroller();
  const active = Math.max(0, Math.min(rows.length - 1, place));
  if (!box || !rows.length) return;
  const openAt = placeOf(state.open, rows);
  const y = active * ROW_HEIGHT + (openAt >= 0 && active > openAt ? state.panelHeight : 0);
  const head = box.querySelector("thead")?.offsetHeight ?? 0;
  const seen = box.clientHeight - head - ROW_HEIGHT;
  if (y < box.scrollTop) box.scrollTop = y;
  else if (y > box.scrollTop + seen) box.scrollTop = y - seen;
  state.active = active;
  updateVisibleRows();
  draw();
  box.querySelector<HTMLElement>(`[data-place="${active}"] button`)?.focus({ preventScroll: true });
}

const rowOf = (target: EventTarget | null) => (target instanceof Element ? target.closest(".row") : null);

/** The row's current place among all rows: it moves as numbers change. */
const placeIn = (row: Element) => Number(row.getAttribute("data-place"));

const STEPS: Readonly<Record<string, number>> = {
  ArrowDown: 1,
  ArrowUp: -1,
  PageDown: 15,
  PageUp: -15,
  Home: -Infinity,
  End: Infinity,
};

addEventListener("keydown", (event) => {
  const { key, target } = event;
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const filter = document.querySelector<HTMLInputElement>("#filter");
  const isTyping = target === filter;
  const isElsewhere = target instanceof HTMLElement && target.closest("header, thead") !== null;
  if (key === "/" && !isTyping) {
    filter?.focus();
    filter?.select();
  } else if (isTyping && key === "Escape") {
    change({ filter: "", active: 0 });
  } else if (isTyping && key === "ArrowDown") {
    focusRow(0);
  } else if (!isElsewhere && STEPS[key] !== undefined) {
    const row = rowOf(target);
    focusRow(row ? placeIn(row) + STEPS[key] : state.active);
  } else return;
  event.preventDefault();
});

/** Whether a click only ended the selection of a row's text. */
function hasSelection(row: Element): boolean {
  const selection = getSelection();
  return selection !== null && !selection.isCollapsed && selection.containsNode(row, true);
}

addEventListener("click", ({ target, detail }) => {
  const row = rowOf(target);
  const isByKey = detail === 0;
  if (row && (isByKey || !hasSelection(row))) toggle(placeIn(row));
});

// Scroll events do not bubble, but they can be captured.
addEventListener("scroll", updateVisibleRows, { capture: true, passive: true });
addEventListener("resize", () => change({ steps: stepsFor(innerWidth) }));
addEventListener("hashchange", readAddress);
document.addEventListener("visibilitychange", () => {
  if (document.hidden) polling.stop();
  else if (!state.isPaused || state.data?.window !== state.window) refresh();
});
setInterval(drawSoon, 1000); // the age of the data

draw();
refresh();
