// The whole page, drawn from its state.

import { h, type VNode } from "preact";
import type { PageData, PageDetail, PageRow, PageWindow } from "../data.js";
import { Histogram, Spark } from "./charts.js";
import { type Column, COLUMNS, errors, GROUPS } from "./columns.js";
import { type Amount, count, rate, share, stretch, text } from "./format.js";
import { Name } from "./name.js";
import type { State } from "./state.js";

/** Pixels; page.css has the same. */
export const ROW_HEIGHT = 34;
/** Header rows of the table, which count as rows for screen readers. */
const HEADER_ROWS = 2;
const CELLS = 1 + COLUMNS.length + GROUPS.filter(({ spark }) => spark).length;

/** What somebody did; `main.ts` makes it so. */
export interface Actions {
  change(patch: Partial<State>): void;
  sortBy(key: string): void;
}

interface ViewProps {
  readonly state: State;
  readonly rows: readonly PageRow[];
  readonly details: ReadonlyMap<string, PageDetail>;
  readonly ageSeconds: number;
  readonly actions: Actions;
}

export function View(props: ViewProps): VNode {
  const { state, rows } = props;
  const { data, failure } = state;
  return (
    <main>
      <Header {...props} />
      {failure && (
        <p class="banner lost" role="alert">
          <b>Connection lost.</b> {failure} {data ? "The numbers below are old; trying again." : "Trying again."}
        </p>
      )}
      {data && data.overflowLookups > 0 && (
        <p class="banner" id="overflow">
          <b>{text(count(data.overflowLookups))} lookups got no counters of their own</b> and are counted together under{" "}
          <code>__overflow__</code>. Raise <code>maxServices</code>, or list your own services in the option{" "}
          <code>services</code>, so that other names can’t take their places.
        </p>
      )}
      {data?.rows.length ? <Table {...props} data={data} /> : data && <Empty />}
      <p class="unseen" role="status">
        {state.isPaused ? "Paused" : ""}
        {state.filter ? ` ${rows.length} services match` : ""}
      </p>
    </main>
  );
}

function Empty(): VNode {
  return (
    <section class="empty">
      <h2>No services yet</h2>
      <p>A service appears here when the registry first hears its name:</p>
      <pre>
        <code>{'const echo = registry.forService("echo");\nawait echo.observeCall(() => client.echo(request));'}</code>
      </pre>
      <p>If calls are made already, look whether they are counted in the registry that this page was given.</p>
    </section>
  );
}

const WINDOWS: readonly [PageWindow, string][] = [
  ["minute", "Minute"],
  ["hour", "Hour"],
  ["start", "Since start"],
];
const WINDOW_SECONDS = { minute: 60, hour: 3600, start: 0 };

function Header({ state, rows, ageSeconds, actions }: ViewProps): VNode {
  const { data, isPaused, failure, window, filter } = state;
  const status = failure ? "lost" : isPaused ? "paused" : "live";
  const age = !data ? "connecting" : ageSeconds < 1 ? "just now" : `${stretch(ageSeconds)} ago`;
  return (
    <header>
      <h1>RPC metrics</h1>
      <p class={`status ${status}`}>
        <i aria-hidden="true" />
        {{ lost: "Lost", paused: "Paused", live: "Live" }[status]} <span>{age}</span>
      </p>
      <form role="search" onSubmit={(event) => event.preventDefault()}>
        <input
          type="search"
          id="filter"
          placeholder="Filter services"
          aria-label="Filter services by name"
          aria-keyshortcuts="/"
          autocomplete="off"
          spellcheck={false}
          value={filter}
          onInput={({ currentTarget }) => actions.change({ filter: currentTarget.value, active: 0 })}
        />
        <kbd aria-hidden="true">/</kbd>
      </form>
      <fieldset>
        <legend class="unseen">Window</legend>
        {WINDOWS.map(([value, label]) => (
          <label key={value}>
            <input
              type="radio"
              name="window"
              value={value}
              checked={window === value}
              onChange={() => actions.change({ window: value })}
            />
            <span>{label}</span>
          </label>
        ))}
      </fieldset>
      <button
        type="button"
        class="pause"
        aria-pressed={isPaused}
        onClick={() => actions.change({ isPaused: !isPaused })}
      >
        {isPaused ? "Resume" : "Pause"}
      </button>
      {data && data.rows.length > 0 && <Summary data={data} rows={rows} />}
    </header>
  );
}

function Summary({ data, rows }: { data: PageData; rows: readonly PageRow[] }): VNode {
  const sum = (value: (row: PageRow) => number) => rows.reduce((total, row) => total + value(row), 0);
  const calls = sum((row) => row[1]);
  const runs = sum((row) => row[10]);
  const aSecond = (n: number) => (data.spanSeconds > 0 ? rate(n / data.spanSeconds) : none);
  const of = (part: number, total: number) => (total ? share(part / total) : none);
  const failed = sum(errors);
  const threw = sum((row) => row[11]);
  const dropped = sum((row) => row[17]);
  const denied = sum((row) => row[18]);
  const isYoung = data.spanSeconds < 0.9 * WINDOW_SECONDS[data.window];
  const figures: [string, Amount, boolean?][] = [
    [data.rows.length === rows.length ? "Services" : `of ${data.rows.length} services`, count(rows.length)],
    ["Calls/s", aSecond(calls)],
    ["Errors", of(failed, calls), failed > 0],
    ["In flight", count(sum((row) => row[6]))],
    ["Runs/s", aSecond(runs)],
    ["Throws", of(threw, runs), threw > 0],
    ["Running", count(sum((row) => row[12]))],
    ["Dropped", count(dropped), dropped > 0],
    ["Denied", count(denied), denied > 0],
  ];
  return (
    <dl>
      {figures.map(([label, [number, unit], isBad]) => (
        <div key={label} class={isBad ? "bad" : ""}>
          <dt>{label}</dt>
          <dd>
            {number}
            {unit && <small>{unit}</small>}
          </dd>
        </div>
      ))}
      <div class="span">
        <dt>{isYoung ? "Window so far" : "Window"}</dt>
        <dd>{stretch(data.spanSeconds)}</dd>
      </div>
    </dl>
  );
}

const none: Amount = ["–", ""];

function Table(props: ViewProps & { data: PageData }): VNode {
  const { state, rows, data, details } = props;
  const { first, drawn, open, panelHeight } = state;
  const end = Math.min(rows.length, first + drawn);
  const openAt = open === undefined ? -1 : rows.findIndex(([name]) => name === open);
  const above = first * ROW_HEIGHT + (openAt >= 0 && openAt < first ? panelHeight : 0);
  const below = (rows.length - end) * ROW_HEIGHT + (openAt >= end ? panelHeight : 0);
  return (
    <section class="table" tabIndex={-1} aria-label="Services">
      <table aria-rowcount={rows.length + HEADER_ROWS}>
        <Head {...props} />
        <tbody>
          <Gap height={above} />
          {rows.slice(first, end).flatMap((row, i) => {
            const place = first + i;
            const isOpen = place === openAt;
            const detail = details.get(row[0]);
            const drawnRow = (
              <Row key={row[0]} {...{ row, data, detail, place, isOpen }} isActive={place === state.active} />
            );
            return isOpen ? [drawnRow, <Panel key="panel" {...{ row, data, detail }} />] : [drawnRow];
          })}
          <Gap height={below} />
        </tbody>
      </table>
      {rows.length === 0 && <p class="none">No service’s name has “{state.filter}” in it.</p>}
    </section>
  );
}

/** Stands for rows that are not drawn. */
function Gap({ height }: { height: number }): VNode {
  return (
    <tr class="gap" aria-hidden="true">
      <td colSpan={CELLS} style={{ height: `${height}px` }} />
    </tr>
  );
}

function Head({ state, actions }: ViewProps): VNode {
  const { sort, isDescending } = state;
  const heading = (key: string, label: string, title: string, className: string) => (
    <th
      key={key}
      scope="col"
      class={className}
      aria-sort={key !== sort ? "none" : isDescending ? "descending" : "ascending"}
    >
      <button type="button" title={title} onClick={() => actions.sortBy(key)}>
        {label}
      </button>
    </th>
  );
  return (
    <thead>
      <tr aria-rowindex={1}>
        <td class="name" />
        {GROUPS.map(({ label, spark, columns }) => (
          <th key={label} scope="colgroup" class="group" colSpan={columns.length + (spark ? 1 : 0)}>
            {label}
          </th>
        ))}
      </tr>
      <tr aria-rowindex={2}>
        {heading("service", "Service", "Name of the service", "name")}
        {GROUPS.flatMap(({ label, spark, columns }) => [
          spark && (
            <th key={`${label} spark`} scope="col" class="begin trend step3">
              <span class="unseen">Last five minutes</span>
            </th>
          ),
          ...columns.map((column, i) =>
            heading(column.key, column.label, column.title, classes(column, !spark && i === 0)),
          ),
        ])}
      </tr>
    </thead>
  );
}

function classes({ step }: Column, isFirst: boolean): string {
  return `${isFirst ? "begin " : ""}${step ? `step${step}` : ""}`;
}

interface RowProps {
  readonly row: PageRow;
  readonly data: PageData;
  readonly detail: PageDetail | undefined;
  readonly place: number;
  readonly isOpen: boolean;
  readonly isActive: boolean;
}

function Row({ row, data, detail, place, isOpen, isActive }: RowProps): VNode {
  const [name] = row;
  return (
    <tr class={isOpen ? "row open" : "row"} aria-rowindex={place + 1 + HEADER_ROWS} data-place={place}>
      <th scope="row" class="name">
        <button type="button" aria-expanded={isOpen} tabIndex={isActive ? 0 : -1} title={name}>
          <Name name={name} />
        </button>
      </th>
      {GROUPS.flatMap(({ label, spark, columns }) => [
        spark && (
          <td key={label} class="begin trend step3">
            <Spark
              label={columns[0]?.title as string}
              rates={detail?.[spark]}
              errors={spark === "calls" ? detail?.errors : undefined}
              seconds={data.sparkSeconds}
            />
          </td>
        ),
        ...columns.map((column, i) => <Cell key={column.key} {...{ column, row, data }} isFirst={!spark && i === 0} />),
      ])}
    </tr>
  );
}

function Cell({
  column,
  row,
  data,
  isFirst,
}: {
  column: Column;
  row: PageRow;
  data: PageData;
  isFirst: boolean;
}): VNode {
  const value = column.value(row, data);
  const [number, unit] = Number.isNaN(value) ? none : value === 0 ? (["0", ""] as const) : column.format(value, data);
  const tone = value > 0 ? (column.isBad ? " bad" : "") : value < 0 ? "" : " nil";
  return (
    <td class={classes(column, isFirst) + tone} data-column={column.key}>
      {number}
      <small>{unit}</small>
    </td>
  );
}

function Panel({ row, data, detail }: Pick<RowProps, "row" | "data" | "detail">): VNode {
  return (
    <tr class="detail">
      <td colSpan={CELLS}>
        <div class="panel">
          {GROUPS.map(({ label, spark, columns }) => (
            <section key={label}>
              <h3>{label}</h3>
              {spark && (
                <Spark
                  label={label}
                  rates={detail?.[spark]}
                  seconds={data.sparkSeconds}
                  errors={spark === "calls" ? detail?.errors : undefined}
                />
              )}
              <dl>
                {columns.map((column) => (
                  <Figure key={column.key} {...{ column, row, data }} />
                ))}
              </dl>
            </section>
          ))}
          {detail && <Histogram title="Latency" unit="calls" counts={detail.latency} bounds={data.buckets} />}
          {detail && (
            <Histogram title="Handler duration" unit="runs" counts={detail.handlerDuration} bounds={data.buckets} />
          )}
        </div>
      </td>
    </tr>
  );
}

function Figure({ column, row, data }: { column: Column; row: PageRow; data: PageData }): VNode {
  const value = column.value(row, data);
  const tone = value > 0 ? (column.isBad ? "bad" : "") : "nil";
  return (
    <div class={tone}>
      <dt>{column.label}</dt>
      <dd>{text(Number.isNaN(value) ? none : value === 0 ? ["0", ""] : column.format(value, data))}</dd>
    </div>
  );
}
