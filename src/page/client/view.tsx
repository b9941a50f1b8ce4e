// Renders the whole page from its state.

import { h, type VNode } from "preact";
import { type RpcStatus, SERVER_FAULTS } from "../../model/status.js";
import type { AnswerCounts, PageData, PageDetail, PageRow, PageWindow } from "../page-data.js";
import { Histogram, Spark } from "./charts.js";
import { type Column, COLUMNS, type Group, groupsAfter, groupsOf } from "./columns.js";
import { type Amount, count, counted, share, timeSpan } from "./format.js";
import { Name } from "./name.js";
import { shortened } from "./visible.js";
import { placeOf, type State, WINDOW_SECONDS } from "./state.js";

/** In pixels; page.css sets the same height. */
export const ROW_HEIGHT = 34;
/** Header rows of the table, which count as rows for screen readers. */
const HEADER_ROWS = 2;

/** What user input can do; implemented in `main.tsx`. */
export interface Actions {
  change(patch: Partial<State>): void;
  sortBy(key: string): void;
}

interface ViewProps {
  readonly state: State;
  readonly rows: readonly PageRow[];
  readonly details: ReadonlyMap<string, PageDetail>;
  /** In ms of `performance.now()`. */
  readonly nowMs: number;
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
          <b>
            <bdi>{failure}</bdi>
          </b>{" "}
          {data && "The numbers below are old. "}
          {!state.isPaused && retryText(state.retryMs)}
        </p>
      )}
      {state.isRewritten && (
        <p class="banner" role="alert">
          <b>A translator or an extension rewrites this page.</b> To keep its numbers right, it is drawn anew each time,
          which makes it flicker.
        </p>
      )}
      {data && data.overflowLookups > 0 && (
        <p class="banner">
          <b>{counted(data.overflowLookups, "lookup")} got no counters of their own</b>, but those of{" "}
          <code>__overflow__</code>. Raise <code>maxServices</code>, or list your own services in the option{" "}
          <code>services</code>, so that other names can’t take their places.
        </p>
      )}
      {data?.rows.length ? <Table {...props} data={data} /> : data && <Empty />}
      <p class="unseen" role="status">
        {state.isPaused ? "Paused" : ""}
        {state.filter ? ` ${counted(rows.length, "service")} ${rows.length === 1 ? "matches" : "match"}` : ""}
      </p>
    </main>
  );
}

/** Not a countdown, because screen readers would read each change. */
function retryText(ms: number): string {
  return ms < 5000 ? "Trying again." : `Trying again in ${timeSpan(ms / 1000)}.`;
}

function Empty(): VNode {
  return (
    <section class="empty">
      <h2>No services yet</h2>
      <p>A service appears here once your code has asked the registry for it by name:</p>
      <pre>
        <code>{'const echo = registry.forService("echo");\nawait echo.observeCall(() => client.echo(request));'}</code>
      </pre>
    </section>
  );
}

const WINDOWS: readonly [PageWindow, string][] = [
  ["minute", "Minute"],
  ["hour", "Hour"],
  ["start", "Since start"],
];

const STATUSES = { lost: "Lost", paused: "Paused", connecting: "Connecting", stale: "Stale", live: "Live" };

function statusOf({ data, isPaused, failure, lateAtMs }: State, nowMs: number): keyof typeof STATUSES {
  if (failure) return "lost";
  if (isPaused) return "paused";
  if (!data) return "connecting";
  return nowMs > lateAtMs ? "stale" : "live";
}

function Header({ state, rows, nowMs, actions }: ViewProps): VNode {
  const { data, isPaused, window, filter } = state;
  const status = statusOf(state, nowMs);
  const ageSeconds = Math.floor((nowMs - state.atMs) / 1000);
  const age = data && (ageSeconds < 1 ? "just now" : `${timeSpan(ageSeconds)} ago`);
  return (
    <header>
      <h1>RPC metrics</h1>
      <p class={`status ${status}`}>
        <i aria-hidden="true" />
        {STATUSES[status]} <span>{age}</span>
      </p>
      <search>
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
      </search>
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
      <button type="button" onClick={() => actions.change({ isPaused: !isPaused })}>
        {isPaused ? "Resume" : "Pause"}
      </button>
      {data && data.rows.length > 0 && <Summary data={data} rows={rows} />}
    </header>
  );
}

/** Keys of the columns whose values make sense for all services together. */
const TOTALS = ["calls", "errors", "in_flight", "runs", "handler_errors", "throws", "running", "dropped", "denied"];

function Summary({ data, rows }: { data: PageData; rows: readonly PageRow[] }): VNode {
  const all = data.rows.length;
  const total = data.columns.map((_, i) => rows.reduce((sum, row) => sum + Number(row[i]), 0)) as unknown as PageRow;
  const isYoung = data.spanSeconds < 0.9 * WINDOW_SECONDS[data.window];
  return (
    <dl>
      <Figure label={rows.length === all ? "Services" : `of ${counted(all, "service")}`} amount={count(rows.length)} />
      {COLUMNS.filter(({ key }) => TOTALS.includes(key)).map((column) => (
        <Figure key={column.key} label={column.label} {...shown(column, total, data)} />
      ))}
      <Figure label={isYoung ? "Window so far" : "Window"} amount={[timeSpan(data.spanSeconds), ""]} />
    </dl>
  );
}

function Figure({ label, amount: [number, unit], tone = "" }: { label: string; amount: Amount; tone?: string }): VNode {
  return (
    <div class={tone}>
      <dt>{label}</dt>
      <dd>
        {number}
        <small>{unit}</small>
      </dd>
    </div>
  );
}

/** A column's formatted value for a row, and the class of its style. */
function shown(column: Column, row: PageRow, data: PageData): { amount: Amount; tone: string } {
  const value = column.value(row, data);
  if (!value) return { amount: [value === 0 ? "0" : "–", ""], tone: "nil" };
  return { amount: column.format(value, data), tone: toneOf(column.fault?.(row, data)) };
}

function toneOf(faults = 0): string {
  return faults > 0 ? "bad" : "";
}

function Table({ state, rows, data, details, actions }: ViewProps & { data: PageData }): VNode {
  const groups = groupsAfter(state.steps);
  const cells = groups.reduce((sum, { spark, columns }) => sum + columns.length + (spark ? 1 : 0), 1);
  const { first, drawn, open, panelHeight } = state;
  const end = Math.min(rows.length, first + drawn);
  const openAt = placeOf(open, rows);
  const above = first * ROW_HEIGHT + (openAt >= 0 && openAt < first ? panelHeight : 0);
  const below = (rows.length - end) * ROW_HEIGHT + (openAt >= end ? panelHeight : 0);
  return (
    <section class="table" tabIndex={-1} aria-label="Services">
      <table aria-rowcount={rows.length + HEADER_ROWS}>
        <Head {...{ state, groups, actions }} />
        <Gap {...{ cells }} height={above} />
        <tbody>
          {rows.slice(first, end).flatMap((row, i) => {
            const place = first + i;
            const isOpen = place === openAt;
            const detail = details.get(row[0]);
            const shared = { row, data, detail };
            const drawnRow = (
              <Row key={row[0]} {...{ ...shared, groups, place, isOpen }} isActive={place === state.active} />
            );
            return isOpen ? [drawnRow, <Panel key="panel" {...{ ...shared, cells }} />] : [drawnRow];
          })}
        </tbody>
        <Gap {...{ cells }} height={below} />
      </table>
      {rows.length === 0 && (
        <p class="none">
          No service name contains “<Name name={state.filter} />
          ”.
        </p>
      )}
    </section>
  );
}

/** Fills the space of rows that are not rendered. */
function Gap({ height, cells }: { height: number; cells: number }): VNode {
  return (
    <tbody class="gap" aria-hidden="true">
      <tr>
        <td colSpan={cells} style={{ height: `${height}px` }} />
      </tr>
    </tbody>
  );
}

function Head({ state, groups, actions }: Pick<ViewProps, "state" | "actions"> & { groups: readonly Group[] }): VNode {
  const { sort, order } = state;
  const heading = ({ key, label, title, hasUnit }: Pick<Column, "key" | "label" | "title" | "hasUnit">) => (
    <th
      key={key}
      scope="col"
      class={key === "service" ? "name" : hasUnit ? "unit" : ""}
      aria-sort={key === sort ? order : "none"}
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
        {groups.map(({ label, spark, columns }) => (
          <th key={label} scope="colgroup" class="begin" colSpan={columns.length + (spark ? 1 : 0)}>
            {label}
          </th>
        ))}
      </tr>
      <tr aria-rowindex={2}>
        {heading({ key: "service", label: "Service", title: "Name of the service" })}
        {groups.flatMap(({ label, spark, columns }) => [
          spark && (
            <th key={label} scope="col" class="begin">
              <span class="unseen">Last five minutes</span>
            </th>
          ),
          ...columns.map(heading),
        ])}
      </tr>
    </thead>
  );
}

interface RowProps {
  readonly row: PageRow;
  readonly data: PageData;
  readonly detail: PageDetail | undefined;
  readonly groups: readonly Group[];
  readonly place: number;
  readonly isOpen: boolean;
  readonly isActive: boolean;
}

function Row({ row, data, detail, groups, place, isOpen, isActive }: RowProps): VNode {
  const [name] = row;
  return (
    <tr class={isOpen ? "row open" : "row"} aria-rowindex={place + 1 + HEADER_ROWS} data-place={place}>
      <th scope="row" class="name">
        <button type="button" aria-expanded={isOpen} tabIndex={isActive ? 0 : -1}>
          <Name name={name} />
        </button>
      </th>
      {groups.flatMap(({ label, spark, columns }) => [
        spark && (
          <td key={label} class="begin">
            <Trend {...{ label, spark, data, detail }} />
          </td>
        ),
        ...columns.map((column) => {
          const { amount, tone } = shown(column, row, data);
          return (
            <td key={column.key} class={tone} data-column={column.key}>
              {amount[0]}
              {column.hasUnit && <small>{amount[1]}</small>}
              {!column.hasUnit && amount[1]}
            </td>
          );
        }),
      ])}
    </tr>
  );
}

interface TrendProps extends Pick<RowProps, "data" | "detail"> {
  readonly label: string;
  readonly spark: "calls" | "handlerInvocations";
}

function Trend({ label, spark, data, detail }: TrendProps): VNode {
  const faults = spark === "calls" ? (detail?.callFaults ?? detail?.errors) : detail?.handlerFaults;
  return <Spark label={`${label} per second`} rates={detail?.[spark]} faults={faults} seconds={data.sparkSeconds} />;
}

function Panel({ row, data, detail, cells }: Pick<RowProps, "row" | "data" | "detail"> & { cells: number }): VNode {
  return (
    <tr class="detail">
      <td colSpan={cells}>
        <div class="panel">
          {shortened(row[0]) !== row[0] && (
            <p class="whole">
              <Name name={row[0]} isWhole />
            </p>
          )}
          {groupsOf(data).map(({ label, spark, histogram, unit, statuses, columns }) => (
            <section key={label}>
              <h3>{label}</h3>
              {spark && <Trend {...{ label, spark, data, detail }} />}
              <dl>
                {columns.map((column) => (
                  <Figure key={column.key} label={column.label} {...shown(column, row, data)} />
                ))}
              </dl>
              {detail && statuses && (
                <Statuses counts={detail[statuses.detail] ?? {}} total={statuses.total(row, data)} />
              )}
              {detail && histogram && detail[histogram].some((n) => n > 0) && (
                <Histogram unit={unit as string} counts={detail[histogram]} bounds={data.buckets} />
              )}
            </section>
          ))}
        </div>
      </td>
    </tr>
  );
}

/** How many calls or handler runs had which status, and their share of all. */
function Statuses({ counts, total }: { counts: AnswerCounts; total: number }): VNode | null {
  const all = Object.entries(counts);
  if (all.length === 0) return null;
  return (
    <table class="statuses">
      <tbody>
        {all.map(([status, n]) => {
          const [number, unit] = share(n / total);
          return (
            <tr key={status} class={toneOf(SERVER_FAULTS.includes(status as RpcStatus) ? n : 0)}>
              <th scope="row">{status}</th>
              <td>{count(n)}</td>
              <td>
                {number} {unit}
              </td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}
