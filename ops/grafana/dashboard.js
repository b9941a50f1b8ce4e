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

/** Of all services, and of those that the user picked. */
const ALL = 'job=~"$job",instance=~"$instance"';
const PICKED = `${ALL},service=~"$service"`;
const OVERFLOW = `${ALL},service="__overflow__"`;

const rate = (metric, selector, window = "$__rate_interval") => `rate(${metric}{${selector}}[${window}])`;
const by = (labels, expr) => `sum by (${labels}) (${expr})`;
const share = (part, whole) => `${part} / (${whole} > 0)`;
/** Nothing, rather than NaN, without traffic. */
const quantile = (q, metric, selector, labels, window) =>
  `histogram_quantile(${q}, ${by(`${labels}le`, rate(`${metric}_bucket`, selector, window))}) >= 0`;
const quantiles = (metric) =>
  [0.5, 0.95, 0.99].map((q) => [
    leadingIn(quantile(q, metric, PICKED, "service, "), `${metric}_count`),
    `{{service}} p${q * 100}`,
  ]);
const buckets = (metric) => by("le", `increase(${metric}_bucket{${PICKED}}[$__rate_interval])`);
const top = (expr) => `topk(10, ${expr})`;
/** Over all the time that the dashboard shows, up to its end, so that it is the same at each point of a graph. */
const shown = (over, metric, selector) => by("service", `${over}(${metric}{${selector}}[$__range] @ end())`);
/** `expr` of the services that lead by `measure` alone: a registry may hold thousands, and a graph can't show them. */
const leading = (expr, measure) => `${expr} and on (service) topk(20, ${measure})`;
const leadingIn = (expr, metric, selector = PICKED) => leading(expr, shown("rate", metric, selector));
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

/** Those of an SLO of 99.9 %: as many as it allows, and as burn a month's budget in two days. */
const ERROR_RATIO = { unit: PercentUnit, warn: 0.001, bad: 0.0144 };
const LATENCY_SECS = { unit: Seconds, warn: 0.25, bad: 1 };

const overview = () => [
  stat(
    {
      title: "Calls",
      description: "Calls that resolved, with success or any error.",
      unit: RequestsPerSecond,
      width: 6,
    },
    `sum(${rate(CALLS, ALL)})`,
  ),
  stat(
    { title: "Failed calls", description: "Share of the resolved calls that failed.", ...ERROR_RATIO, width: 6 },
    share(`sum(${rate(ERRORS, ALL)})`, `sum(${rate(CALLS, ALL)})`),
  ),
  stat(
    { title: "p99 latency", description: "One call in a hundred takes longer.", ...LATENCY_SECS, width: 6 },
    quantile(0.99, LATENCY, ALL, ""),
  ),
  stat(
    { title: "In flight", description: "Calls started and neither resolved nor dropped.", unit: Short, width: 6 },
    `sum(nrpc_in_flight_calls{${ALL}})`,
  ),
  graph(
    {
      title: "Calls by service",
      description: "As callers count them. The 20 most called.",
      unit: RequestsPerSecond,
      stacked: true,
      width: 12,
    },
    [byService(CALLS, ALL), "{{service}}"],
  ),
  graph(
    {
      title: "Handler runs by service",
      description: "As the serving side counts them. The 20 that run most.",
      unit: OpsPerSecond,
      stacked: true,
      width: 12,
    },
    [byService(RUNS, ALL), "{{service}}"],
  ),
  topTable(
    { title: "Most called", description: "Over the time shown.", column: "Calls", unit: RequestsPerSecond, width: 8 },
    top(by("service", rate(CALLS, ALL, "$__range"))),
  ),
  topTable(
    {
      title: "Most failing",
      description: "Share of failed calls, over the time shown.",
      column: "Failed",
      ...ERROR_RATIO,
      width: 8,
    },
    top(share(by("service", rate(ERRORS, ALL, "$__range")), by("service", rate(CALLS, ALL, "$__range")))),
  ),
  topTable(
    { title: "Slowest", description: "p99 latency, over the time shown.", column: "p99", ...LATENCY_SECS, width: 8 },
    top(quantile(0.99, LATENCY, ALL, "service, ", "$__range")),
  ),
];

const callers = () => [
  graph(
    {
      title: "Call rate",
      description: "Calls that resolved, with success or any error. The 20 most called.",
      unit: RequestsPerSecond,
      width: 8,
    },
    [byService(CALLS), "{{service}}"],
  ),
  graph(
    {
      title: "Errors by kind",
      description:
        "no_route: nothing there answers to the name. timeout: no answer in time. server: an answer that says so. transport: the way there or back broke. The 20 services with most errors.",
      unit: RequestsPerSecond,
      stacked: true,
      width: 8,
    },
    [leadingIn(by("service, kind", rate(ERRORS, PICKED)), ERRORS), "{{service}} {{kind}}"],
  ),
  graph(
    {
      title: "Failed calls",
      description: "Share of the resolved calls that failed. Empty without traffic. The 20 services with most errors.",
      ...ERROR_RATIO,
      width: 8,
    },
    [shares(ERRORS, CALLS), "{{service}}"],
  ),
  graph(
    {
      title: "Latency",
      description:
        "Wall-clock time of resolved calls. Quantiles are interpolated within a bucket, and never more than the highest bound. The 20 most called.",
      unit: Seconds,
      width: 12,
    },
    ...quantiles(LATENCY),
  ),
  heatmap(
    {
      title: "Latency, all calls",
      description: "How many calls took how long: two peaks are two kinds of calls.",
      width: 12,
    },
    buckets(LATENCY),
  ),
];

const handlers = () => [
  graph(
    {
      title: "Handler runs",
      description: "Handlers started, whatever became of them. The 20 that run most.",
      unit: OpsPerSecond,
      width: 8,
    },
    [byService(RUNS), "{{service}}"],
  ),
  graph(
    {
      title: "Handlers that threw",
      description: "Share of the handlers that an exception escaped. The 20 services with most of them.",
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
      description: "Calls refused before any handler ran. The 20 services with most of them.",
      unit: RequestsPerSecond,
      width: 8,
    },
    [byService(DENIED), "{{service}}"],
  ),
  graph(
    {
      title: "Handler duration",
      description: "Start to return or throw, the network excluded. The 20 that run most.",
      unit: Seconds,
      width: 12,
    },
    ...quantiles(DURATION),
  ),
  heatmap(
    { title: "Handler duration, all runs", description: "How many handlers ran how long.", width: 12 },
    buckets(DURATION),
  ),
  graph(
    {
      title: "Streamed chunks",
      description: "Chunks that handlers emitted, dropped ones among them. The 20 services with most of them.",
      unit: EventsPerSecond,
      width: 12,
    },
    [byService(EMITTED), "{{service}}"],
  ),
  graph(
    {
      title: "Dropped chunks",
      description: "Share of the chunks lost because the queue of their call was full. The 20 services that lose most.",
      unit: PercentUnit,
      warn: 0.001,
      bad: 0.01,
      width: 12,
    },
    [shares(DROPPED, EMITTED), "{{service}}"],
  ),
];

const LITTLE =
  "Little's law: on average as many are in flight as rate times mean time. Well above it, they start and do not end. The 20 services with most of them.";

/** Two series of each service: how many are in flight, and how many should be. */
function little(inFlight, time, [is, shouldBe]) {
  const most = shown("avg_over_time", inFlight, PICKED);
  return [
    [leading(by("service", `${inFlight}{${PICKED}}`), most), `{{service}} ${is}`],
    [leading(by("service", rate(`${time}_sum`, PICKED)), most), `{{service}} ${shouldBe}`],
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
        "Those that the registry shows, the overflow set included, and how many may get counters of their own.",
      unit: Short,
      width: 8,
    },
    [`nrpc_tracked_services{${ALL}}`, "{{instance}}"],
    [`nrpc_max_services{${ALL}}`, "{{instance}} maxServices"],
  ),
  graph(
    {
      title: "Overflow lookups",
      description: "Lookups whose name got the shared set __overflow__: the registry is full, or the name too long.",
      unit: OpsPerSecond,
      width: 8,
    },
    [by("instance", rate("nrpc_overflow_lookups_total", ALL)), "{{instance}}"],
  ),
  graph(
    {
      title: "Counted under __overflow__",
      description: "Share of all calls and of all handler runs that tell nothing of any one service.",
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
      description: "Any but ok left Prometheus without numbers.",
      unit: OpsPerSecond,
      stacked: true,
      width: 8,
    },
    [by("result", rate("nrpc_scrapes_total", ALL)), "{{result}}"],
  ),
  graph(
    {
      title: "Scrape duration",
      description: "On average, by instance. Compare with the scrape_timeout of Prometheus, 10 s by default.",
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
      description: "Bodies as they were sent, compressed if they were.",
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

/** The same each time, as JSON has it. */
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
