// Grafana's dashboard JSON, as much of it as the console draws: panels of time series, single values, bars, tables and
// text on a grid of 24 columns. What it does not know it says so of, and draws nothing. Pure.
export interface Target {
  expr: string;
  legend: string;
  instant: boolean;
}

export type PanelKind = 'series' | 'value' | 'bars' | 'table' | 'text' | 'other';

export interface Panel {
  id: number;
  title: string;
  text: string;
  kind: PanelKind;
  type: string; // Grafana's own word
  place: { x: number; y: number; w: number; h: number };
  targets: Target[];
  unit: string;
  decimals: number | undefined;
  thresholds: { from: number; colour: string }[];
  stacked: boolean;
}

export interface Dashboard {
  uid: string;
  title: string;
  text: string;
  panels: Panel[];
  variables: Record<string, string>;
  hours: number; // the range that it opens with
}

const KINDS: Record<string, PanelKind> = {
  timeseries: 'series', graph: 'series', heatmap: 'other', stat: 'value', gauge: 'value', singlestat: 'value', bargauge: 'bars', barchart: 'bars', piechart: 'bars', table: 'table', text: 'text',
};

type Json = unknown;
const object = (value: Json): Record<string, Json> => (typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, Json>) : {});
const list = (value: Json): Json[] => (Array.isArray(value) ? value : []);
const text = (value: Json): string => (typeof value === 'string' ? value : '');
const number = (value: Json, absent: number): number => (typeof value === 'number' && Number.isFinite(value) ? value : absent);

function thresholdsOf(defaults: Record<string, Json>): Panel['thresholds'] {
  return list(object(defaults.thresholds).steps).map((step) => ({ from: number(object(step).value, -Infinity), colour: text(object(step).color) }));
}

function targetOf(json: Json): Target | undefined {
  const target = object(json);
  const expr = text(target.expr).trim();
  if (!expr || target.hide === true) return undefined;
  return { expr, legend: text(target.legendFormat), instant: target.instant === true || target.format === 'table' };
}

function panelOf(json: Json, place: number): Panel {
  const panel = object(json);
  const grid = object(panel.gridPos);
  const defaults = object(object(panel.fieldConfig).defaults);
  const stacking = text(object(object(defaults.custom).stacking).mode);
  const type = text(panel.type);
  return {
    id: number(panel.id, place + 1),
    title: text(panel.title),
    text: text(object(panel.options).content) || text(panel.description),
    kind: KINDS[type] ?? 'other',
    type,
    place: { x: number(grid.x, 0), y: number(grid.y, place * 8), w: Math.min(24, Math.max(1, number(grid.w, 12))), h: Math.max(1, number(grid.h, 8)) },
    targets: list(panel.targets).map(targetOf).filter((target) => target !== undefined),
    unit: text(defaults.unit),
    decimals: typeof defaults.decimals === 'number' ? defaults.decimals : undefined,
    thresholds: thresholdsOf(defaults),
    stacked: stacking === 'normal' || stacking === 'percent',
  };
}

function variablesOf(json: Json): Record<string, string> {
  const variables: Record<string, string> = {};
  for (const one of list(object(json).list).map(object)) {
    const value = object(one.current).value;
    const chosen = Array.isArray(value) ? value.map(String).join('|') : text(value) || text(one.query);
    const all = chosen === '$__all' || chosen === 'All' || chosen === '';
    // A data source is no part of an expression.
    if (one.type !== 'datasource') variables[text(one.name)] = all ? text(one.allValue) || '.*' : chosen;
  }
  return variables;
}

function hoursOf(json: Json): number {
  const found = /^now-(\d+)([mhd])$/.exec(text(object(json).from));
  if (!found) return 1;
  return Number(found[1]) * ({ m: 1 / 60, h: 1, d: 24 }[found[2] as 'm' | 'h' | 'd'] ?? 1);
}

export function dashboardOf(json: Json): Dashboard {
  const dashboard = object(json);
  // Rows that are folded keep their panels inside.
  const panels = list(dashboard.panels).flatMap((panel) => (text(object(panel).type) === 'row' ? list(object(panel).panels) : [panel]));
  return {
    uid: text(dashboard.uid) || text(dashboard.title),
    title: text(dashboard.title),
    text: text(dashboard.description),
    panels: panels.map(panelOf),
    variables: variablesOf(dashboard.templating),
    hours: hoursOf(dashboard.time),
  };
}

// $name, ${name} and ${name:regex} by what the dashboard says of them, and Grafana's own intervals by the step.
export function expressionOf(expr: string, variables: Record<string, string>, range: { stepS: number; rangeS: number }): string {
  const own: Record<string, string> = {
    __rate_interval: `${Math.max(20, Math.ceil(range.stepS * 4))}s`,
    __interval: `${Math.max(1, Math.ceil(range.stepS))}s`,
    __range: `${Math.ceil(range.rangeS)}s`,
    __range_s: String(Math.ceil(range.rangeS)),
  };
  return expr.replace(/\$\{(\w+)(?::\w+)?\}|\$(\w+)/g, (whole, braced?: string, bare?: string) => {
    const name = braced ?? bare ?? '';
    return own[name] ?? variables[name] ?? whole;
  });
}

export function legendOf(legend: string, labels: Record<string, string>): string {
  const shown = legend && legend !== '__auto' ? legend.replace(/\{\{\s*([\w.]+)\s*\}\}/g, (_, name: string) => labels[name] ?? '') : '';
  if (shown) return shown;
  const rest = Object.entries(labels).filter(([name]) => name !== '__name__');
  return rest.length > 0 ? rest.map(([name, value]) => `${name}=${value}`).join(', ') : (labels.__name__ ?? '');
}

export function colourOf(value: number, thresholds: Panel['thresholds']): 'good' | 'warn' | 'bad' | '' {
  const reached = thresholds.filter((step) => value >= step.from).at(-1)?.colour ?? '';
  if (/green/.test(reached)) return 'good';
  if (/yellow|orange/.test(reached)) return 'warn';
  return /red/.test(reached) ? 'bad' : '';
}
