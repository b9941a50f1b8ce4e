// Builders for the dashboard's panels, one for each kind, with the settings that all panels of a kind share.

import { StackingConfigBuilder, StackingMode, VizLegendOptionsBuilder } from "@grafana/grafana-foundation-sdk/common";
import { TooltipDisplayMode, VizTooltipOptionsBuilder } from "@grafana/grafana-foundation-sdk/common";
import {
  FieldColorBuilder,
  FieldColorModeId,
  ThresholdsConfigBuilder,
  ThresholdsMode,
} from "@grafana/grafana-foundation-sdk/dashboard";
import {
  HeatmapColorMode,
  HeatmapColorOptionsBuilder,
  PanelBuilder as HeatmapBuilder,
  YAxisConfigBuilder,
} from "@grafana/grafana-foundation-sdk/heatmap";
import { DataqueryBuilder, PromQueryFormat } from "@grafana/grafana-foundation-sdk/prometheus";
import { PanelBuilder as StatBuilder } from "@grafana/grafana-foundation-sdk/stat";
import { PanelBuilder as TableBuilder } from "@grafana/grafana-foundation-sdk/table";
import { PanelBuilder as TimeseriesBuilder } from "@grafana/grafana-foundation-sdk/timeseries";
import { Seconds } from "@grafana/grafana-foundation-sdk/units";

/** The data source that the user picks at the top of the dashboard. */
// biome-ignore lint/suspicious/noTemplateCurlyInString: Grafana's template, not JavaScript's
export const DATASOURCE = { type: "prometheus", uid: "${datasource}" };

let lastId = 0;

function panel(builder, { title, description, unit, width, height = 8 }) {
  builder.id(++lastId).title(title).description(description).datasource(DATASOURCE);
  return builder.unit(unit).span(width).height(height);
}

const query = (expr) => new DataqueryBuilder().datasource(DATASOURCE).refId("A").expr(expr);

/** Green, yellow from `warn` on, red from `bad` on. */
function thresholds({ warn, bad }) {
  const steps = [{ value: null, color: "green" }];
  if (warn !== undefined) steps.push({ value: warn, color: "yellow" });
  if (bad !== undefined) steps.push({ value: bad, color: "red" });
  return new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps(steps);
}

export function stat(settings, expr) {
  const builder = panel(new StatBuilder(), { height: 4, ...settings });
  if (settings.warn === undefined)
    builder.colorScheme(new FieldColorBuilder().mode(FieldColorModeId.Fixed).fixedColor("blue"));
  else builder.thresholds(thresholds(settings));
  return builder.noValue("-").withTarget(query(expr).range());
}

/** Each of `series` is `[expression, legend]`. */
export function graph(settings, ...series) {
  const builder = panel(new TimeseriesBuilder(), settings).min(0).fillOpacity(10);
  builder.tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi));
  builder.legend(new VizLegendOptionsBuilder().showLegend(true).calcs(["lastNotNull", "max"]).asTable(true));
  if (settings.stacked) builder.stacking(new StackingConfigBuilder().mode(StackingMode.Normal));
  if (settings.warn !== undefined) builder.thresholds(thresholds(settings));
  series.forEach(([expr, legend], i) => {
    builder.withTarget(query(expr).refId("ABC"[i]).range().legendFormat(legend));
  });
  return builder;
}

/** Expects increases of a histogram's buckets by `le`. */
export function heatmap(settings, expr) {
  const builder = panel(new HeatmapBuilder(), { unit: Seconds, ...settings });
  builder.calculate(false).yAxis(new YAxisConfigBuilder().unit(Seconds));
  builder.color(new HeatmapColorOptionsBuilder().mode(HeatmapColorMode.Scheme).scheme("Oranges").steps(64));
  return builder.withTarget(query(expr).range().format(PromQueryFormat.Heatmap).legendFormat("{{le}}"));
}

/** A table of the services with the highest values of `expr` over the dashboard's time range, one row each. */
export function topTable(settings, expr) {
  const builder = panel(new TableBuilder(), settings).withTarget(query(expr).instant().format(PromQueryFormat.Table));
  builder.colorScheme(new FieldColorBuilder().mode(FieldColorModeId.Thresholds)).thresholds(thresholds(settings));
  const rename = { service: "Service", Value: settings.column };
  builder.withTransformation({
    id: "organize",
    options: { excludeByName: { Time: true }, renameByName: rename },
  });
  return builder.withTransformation({ id: "sortBy", options: { sort: [{ field: settings.column, desc: true }] } });
}
