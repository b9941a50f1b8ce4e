// The Grafana dashboard as code: node ops/grafana/dashboard.js writes nrpc-metrics.json beside this file.

import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import {
  DashboardBuilder,
  DashboardCursorSync,
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  RowBuilder,
  VariableRefresh,
  VariableSort,
} from "@grafana/grafana-foundation-sdk/dashboard";
import {
  BytesPerSecondSI,
  EventsPerSecond,
  OpsPerSecond,
  PercentUnit,
  RequestsPerSecond,
  Seconds,
  Short,
} from "@grafana/grafana-foundation-sdk/units";
import { DATASOURCE, graph, heatmap, stat, topTable } from "./panels.js";

export const DASHBOARD_FILE = fileURLToPath(new URL("nrpc-metrics.json", import.meta.url));

/** Selectors for all services, for those that the user picked, and for the overflow set. */
const ALL = 'job=~"$job",instance=~"$instance"';
const PICKED = `${ALL},service=~"$service"`;
const OVERFLOW = `${ALL},service="__overflow__"`;

const rate = (metric, selector, window = "$__rate_interval") => `rate(${metric}{${selector}}[${window}])`;
const by = (labels, expr) => `sum by (${labels}) (${expr})`;
const share = (part, whole) => `${part} / (${whole} > 0)`;
/** No value, instead of NaN, when there is no traffic. */
const quantile = (q, metric, selector, labels, window) =>
  `histogram_quantile(${q}, ${by(`${labels}le`, rate(`${metric}_bucket`, selector, window))}) >= 0`;
const quantiles = (metric) =>
  [0.5, 0.95, 0.99].map((q) => [
    leadingIn(quantile(q, metric, PICKED, "service, "), `${metric}_count`),
    `{{service}} p${q * 100}`,
  ]);
const buckets = (metric) => by("le", `increase(${metric}_bucket{${PICKED}}[$__rate_interval])`);
const top = (expr) => `topk(10, ${expr})`;
/** Over the dashboard's whole time range, up to its end, so that the value is the same at each point of a graph. */
const overRange = (over, metric, selector) => by("service", `${over}(${metric}{${selector}}[$__range] @ end())`);
/** `expr` for the 20 services that lead by `measure`: a registry may hold thousands, too many for a graph. */
const leading = (expr, measure) => `${expr} and on (service) topk(20, ${measure})`;
const leadingIn = (expr, metric, selector = PICKED) => leading(expr, overRange("rate", metric, selector));
const byService = (metric, selector = PICKED) => leadingIn(by("service", rate(metric, selector)), metric, selector);
const shares = (part, whole) =>
  leadingIn(share(by("service", rate(part, PICKED)), by("service", rate(whole, PICKED))), part);

const CALLS = "nrpc_calls_total";
const ERRORS = "nrpc_errors_total";
const LATENCY = "nrpc_call_latency_seconds";
const RUNS = "nrpc_handler_invocations_total";
const THROWS = "nrpc_handler_panics_total";
const DURATION = "nrpc_handler_duration_seconds";
const EMITTED = "nrpc_streaming_chunks_emitted_total";
const DROPPED = "nrpc_streaming_chunks_dropped_total";
const DENIED = "nrpc_capability_denied_total";
const ANSWERS = "nrpc_call_status_total";
const RUN_ANSWERS = "nrpc_handler_status_total";
/** Answers for which the caller is responsible, and for which the server is, as in src/model/status.ts. */
const CALLERS_FAULT =
  'code=~"cancelled|invalid_argument|not_found|already_exists|permission_denied|unauthenticated|failed_precondition|out_of_range|aborted"';
const SERVERS_FAULT =
  'code=~"unknown|deadline_exceeded|resource_exhausted|unimplemented|internal|unavailable|data_loss"';

/**
 * Errors of calls less those that callers caused, whose series `or` adds with a minus. As rates: the first errors of a
 * status, which it begins with, are missed.
 */
const faults = (selector, labels = "", window = "$__rate_interval") => {
  const rates = `${rate(ERRORS, selector, window)} or -${rate(ANSWERS, `${selector},${CALLERS_FAULT}`, window)}`;
  return `clamp_min(sum${labels} (${rates}), 0)`;
};
/** 0 for what answers without faults; nothing without statuses. */
const runFaults = (selector, labels = "") => {
  const all = rate(RUN_ANSWERS, selector);
  return `sum${labels} (${rate(RUN_ANSWERS, `${selector},${SERVERS_FAULT}`)} or 0 * ${all})`;
};
/** By status, and the rest, whose status nobody recorded. */
const byStatus = (answers, all) => [
  [by("code", rate(answers, PICKED)), "{{code}}"],
  [`clamp_min(sum(${rate(all, PICKED)} or -${rate(answers, PICKED)}), 0)`, "not recorded"],
];

/** Thresholds for an SLO of 99.9 %: the ratio that it allows, and the one that burns a month's budget in two days. */
const ERROR_RATIO = { unit: PercentUnit, warn: 0.001, bad: 0.0144 };
const FAULTS = "Answers that the caller caused, such as not_found, don't count.";
const LATENCY_SECS = { unit: Seconds, warn: 0.25, bad: 1 };

const overview = () => [
  stat(
    {
      title: "Calls",
      description: "Calls that resolved, with success or any error.",
      unit: RequestsPerSecond,
      width: 4,
    },
    `sum(${rate(CALLS, ALL)})`,
  ),
  stat(
    {
      title: "Failed calls",
      description: "Share of the resolved calls that failed, whoever caused it.",
      unit: PercentUnit,
      width: 4,
    },
    share(`sum(${rate(ERRORS, ALL)})`, `sum(${rate(CALLS, ALL)})`),
  ),
  stat(
    {
      title: "Calls with server faults",
      description: `Share of the resolved calls that failed. ${FAULTS}`,
      ...ERROR_RATIO,
      width: 4,
    },
    share(faults(ALL), `sum(${rate(CALLS, ALL)})`),
  ),
  stat(
    {
      title: "Runs with server faults",
      description: `Share of the handler runs that failed. ${FAULTS} Empty without statuses.`,
      ...ERROR_RATIO,
      width: 4,
    },
    share(runFaults(ALL), `sum(${rate(RUNS, ALL)})`),
  ),
  stat(
    { title: "p99 latency", description: "One in a hundred calls takes longer.", ...LATENCY_SECS, width: 4 },
    quantile(0.99, LATENCY, ALL, ""),
  ),
  stat(
    { title: "In flight", description: "Calls started and neither resolved nor dropped.", unit: Short, width: 4 },
    `sum(nrpc_in_flight_calls{${ALL}})`,
  ),
  graph(
    {
      title: "Calls by service",
      description: "Counted by the callers. The 20 services called most.",
      unit: RequestsPerSecond,
      stacked: true,
      width: 12,
    },
    [byService(CALLS, ALL), "{{service}}"],
  ),
  graph(
    {
      title: "Handler runs by service",
      description: "Counted by the serving side. The 20 services that run most.",
      unit: OpsPerSecond,
      stacked: true,
      width: 12,
    },
    [byService(RUNS, ALL), "{{service}}"],
  ),
  topTable(
    {
      title: "Most called",
      description: "Over the selected time range.",
      column: "Calls",
      unit: RequestsPerSecond,
      width: 8,
    },
    top(by("service", rate(CALLS, ALL, "$__range"))),
  ),
  topTable(
    {
      title: "Most server faults",
      description: `Share of calls that failed over the selected time range. ${FAULTS}`,
      column: "Faults",
      ...ERROR_RATIO,
      width: 8,
    },
    top(share(faults(ALL, " by (service)", "$__range"), by("service", rate(CALLS, ALL, "$__range")))),
  ),
  topTable(
    {
      title: "Slowest",
      description: "p99 latency over the selected time range.",
      column: "p99",
      ...LATENCY_SECS,
      width: 8,
    },
    top(quantile(0.99, LATENCY, ALL, "service, ", "$__range")),
  ),
];

const callers = () => [
  graph(
    {
      title: "Call rate",
      description: "Calls that resolved, with success or any error. The 20 services called most.",
      unit: RequestsPerSecond,
      width: 8,
    },
    [byService(CALLS), "{{service}}"],
  ),
  graph(
    {
      title: "Errors by kind",
      description:
        "no_route: nothing serves that name. timeout: no answer in time. server: the server answered with an error. transport: the connection failed. The 20 services with the most errors.",
      unit: RequestsPerSecond,
      stacked: true,
      width: 8,
    },
    [leadingIn(by("service, kind", rate(ERRORS, PICKED)), ERRORS), "{{service}} {{kind}}"],
  ),
  graph(
    {
      title: "Failed calls",
      description:
        "Share of the resolved calls that failed, whoever caused it. Empty without traffic. The 20 services with the most errors.",
      unit: PercentUnit,
      width: 8,
    },
    [shares(ERRORS, CALLS), "{{service}}"],
  ),
  graph(
    {
      title: "Calls by status",
      description: "What calls were answered. Not recorded: calls of which only the outcome is known.",
      unit: RequestsPerSecond,
      stacked: true,
      width: 12,
    },
    ...byStatus(ANSWERS, CALLS),
  ),
  graph(
    {
      title: "Calls with server faults",
      description: `Share of the resolved calls that failed. ${FAULTS} Empty without traffic. The 20 services with the most errors.`,
      ...ERROR_RATIO,
      width: 12,
    },
    [leadingIn(share(faults(PICKED, " by (service)"), by("service", rate(CALLS, PICKED))), ERRORS), "{{service}}"],
  ),
  graph(
    {
      title: "Latency",
      description:
        "Wall-clock time of resolved calls. Quantiles are interpolated within a bucket and never exceed the highest bound. The 20 services called most.",
      unit: Seconds,
      width: 12,
    },
    ...quantiles(LATENCY),
  ),
  heatmap(
    {
      title: "Latency, all calls",
      description: "Distribution of latencies over time. Two bands mean two kinds of calls.",
      width: 12,
    },
    buckets(LATENCY),
  ),
];

const handlers = () => [
  graph(
    {
      title: "Handler runs",
      description: "Handlers started, regardless of how they ended. The 20 services that run most.",
      unit: OpsPerSecond,
      width: 8,
    },
    [byService(RUNS), "{{service}}"],
  ),
  graph(
    {
      title: "Handlers that threw",
      description: "Share of handler runs that ended with an exception. The 20 services with the most of them.",
      unit: PercentUnit,
      warn: 0.001,
      bad: 0.01,
      width: 8,
    },
    [shares(THROWS, RUNS), "{{service}}"],
  ),
  graph(
    {
      title: "Denied calls",
      description: "Calls refused before any handler ran. The 20 services with the most of them.",
      unit: RequestsPerSecond,
      width: 8,
    },
    [byService(DENIED), "{{service}}"],
  ),
  graph(
    {
      title: "Handler runs by status",
      description: "What handlers answered. Not recorded: runs that ended without a status.",
      unit: OpsPerSecond,
      stacked: true,
      width: 12,
    },
    ...byStatus(RUN_ANSWERS, `${DURATION}_count`),
  ),
  graph(
    {
      title: "Runs with server faults",
      description: `Share of the handler runs that failed. ${FAULTS} Empty without statuses. The 20 services with the most of them.`,
      ...ERROR_RATIO,
      width: 12,
    },
    [
      leadingIn(
        share(runFaults(PICKED, " by (service)"), by("service", rate(RUNS, PICKED))),
        RUN_ANSWERS,
        `${PICKED},${SERVERS_FAULT}`,
      ),
      "{{service}}",
    ],
  ),
  graph(
    {
      title: "Handler duration",
      description: "From start to return or throw, without the network. The 20 services that run most.",
      unit: Seconds,
      width: 12,
    },
    ...quantiles(DURATION),
  ),
  heatmap(
    { title: "Handler duration, all runs", description: "Distribution of durations over time.", width: 12 },
    buckets(DURATION),
  ),
  graph(
    {
      title: "Streamed chunks",
      description: "Chunks that handlers emitted, including dropped ones. The 20 services with the most of them.",
      unit: EventsPerSecond,
      width: 12,
    },
    [byService(EMITTED), "{{service}}"],
  ),
  graph(
    {
      title: "Dropped chunks",
      description: "Share of chunks lost because the queue of their call was full. The 20 services that lose the most.",
      unit: PercentUnit,
      warn: 0.001,
      bad: 0.01,
      width: 12,
    },
    [shares(DROPPED, EMITTED), "{{service}}"],
  ),
];

const LITTLE =
  "By Little's law, the average number in flight is the rate times the mean time. Well above that, they start and do not end. The 20 services with the most in flight.";

/** Two series for each service: the number in flight, and the number expected by Little's law. */
function little(inFlight, time, [actual, expected]) {
  const most = overRange("avg_over_time", inFlight, PICKED);
  return [
    [leading(by("service", `${inFlight}{${PICKED}}`), most), `{{service}} ${actual}`],
    [leading(by("service", rate(`${time}_sum`, PICKED)), most), `{{service}} ${expected}`],
  ];
}

const saturation = () => [
  graph(
    { title: "Calls in flight", description: LITTLE, unit: Short, width: 12 },
    ...little("nrpc_in_flight_calls", LATENCY, ["in flight", "rate × latency"]),
  ),
  graph(
    { title: "Handlers running", description: LITTLE, unit: Short, width: 12 },
    ...little("nrpc_handler_in_flight", DURATION, ["running", "rate × duration"]),
  ),
];

const registry = () => [
  graph(
    {
      title: "Services",
      description:
        "Services in the registry, including the overflow set, and the maximum number of services with separate counters.",
      unit: Short,
      width: 8,
    },
    [`nrpc_tracked_services{${ALL}}`, "{{instance}}"],
    [`nrpc_max_services{${ALL}}`, "{{instance}} maxServices"],
  ),
  graph(
    {
      title: "Overflow lookups",
      description: "Lookups that got the shared set __overflow__, because the registry is full or the name too long.",
      unit: OpsPerSecond,
      width: 8,
    },
    [by("instance", rate("nrpc_overflow_lookups_total", ALL)), "{{instance}}"],
  ),
  graph(
    {
      title: "Counted under __overflow__",
      description: "Share of all calls, and of all handler runs, that are not counted by service.",
      unit: PercentUnit,
      warn: 0.01,
      bad: 0.1,
      width: 8,
    },
    [share(`sum(${rate(CALLS, OVERFLOW)})`, `sum(${rate(CALLS, ALL)})`), "calls"],
    [share(`sum(${rate(RUNS, OVERFLOW)})`, `sum(${rate(RUNS, ALL)})`), "handler runs"],
  ),
  graph(
    {
      title: "Scrapes by result",
      description: "Every result but ok leaves Prometheus without data.",
      unit: OpsPerSecond,
      stacked: true,
      width: 8,
    },
    [by("result", rate("nrpc_scrapes_total", ALL)), "{{result}}"],
  ),
  graph(
    {
      title: "Scrape duration",
      description: "Average by instance. Compare with Prometheus's scrape_timeout, 10 s by default.",
      unit: Seconds,
      warn: 1,
      bad: 5,
      width: 8,
    },
    [
      share(
        by("instance", rate("nrpc_scrape_duration_seconds_sum", ALL)),
        by("instance", rate("nrpc_scrape_duration_seconds_count", ALL)),
      ),
      "{{instance}}",
    ],
  ),
  graph(
    {
      title: "Scraped bytes",
      description: "Size of response bodies as sent, after compression.",
      unit: BytesPerSecondSI,
      width: 8,
    },
    [by("instance", rate("nrpc_scrape_bytes_total", ALL)), "{{instance}}"],
  ),
];

function variable(name, label, labelValues) {
  const picker = new QueryVariableBuilder(name).label(label).datasource(DATASOURCE);
  picker.query({ query: labelValues, refId: "PrometheusVariableQueryEditor-VariableQuery" }).definition(labelValues);
  picker.refresh(VariableRefresh.OnTimeRangeChanged).sort(VariableSort.AlphabeticalAsc);
  picker
    .multi(true)
    .includeAll(true)
    .allValue(".*")
    .current({ selected: true, text: ["All"], value: ["$__all"] });
  return picker;
}

/** Deterministic: the same JSON each time. */
function dashboard() {
  const rows = {
    "All services": overview(),
    "$service, as callers see it": callers(),
    "$service, the serving side": handlers(),
    Saturation: saturation(),
    "Registry and scrapes": registry(),
  };
  const builder = new DashboardBuilder("nrpc-metrics")
    .uid("nrpc-metrics")
    .description("RPC services: calls and failures, latency, calls in flight, on both sides.")
    .tags(["nrpc-metrics", "rpc"])
    .editable()
    .refresh("30s")
    .time({ from: "now-1h", to: "now" })
    .timezone("browser")
    .tooltip(DashboardCursorSync.Crosshair)
    .withVariable(new DatasourceVariableBuilder("datasource").label("Data source").type("prometheus"))
    .withVariable(variable("job", "Job", "label_values(nrpc_calls_total, job)"))
    .withVariable(variable("instance", "Instance", 'label_values(nrpc_calls_total{job=~"$job"}, instance)'))
    .withVariable(variable("service", "Service", `label_values(nrpc_calls_total{${ALL}}, service)`));
  Object.entries(rows).forEach(([title, panels], i) => {
    builder.withRow(new RowBuilder(title).id(100 + i));
    for (const panel of panels) builder.withPanel(panel);
  });
  return builder.build();
}

export const dashboardJson = `${JSON.stringify(dashboard(), null, 2)}\n`;

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(DASHBOARD_FILE, dashboardJson);
