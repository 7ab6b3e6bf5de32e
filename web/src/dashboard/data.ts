// What the platform's metrics answer for a panel. The steps of a range are few enough for the gateway and for the eye.
import { get } from '../api/client';
import { expressionOf, legendOf, type Dashboard, type Panel } from './model';

export interface Series {
  name: string;
  labels: Record<string, string>;
  values: (number | null)[];
}
export interface PanelData {
  times: number[]; // Unix seconds
  series: Series[];
}
interface Answer {
  data: { resultType: string; result: { metric: Record<string, string>; values?: [number, string][]; value?: [number, string] }[] };
}
export interface Range {
  endS: number;
  rangeS: number;
}

const MOST_STEPS = 240;
const LEAST_STEP_S = 5;
const MOST_SERIES = 40;
const AT_ONCE = 4;

export function stepOf(rangeS: number): number {
  return Math.max(LEAST_STEP_S, Math.ceil(rangeS / MOST_STEPS));
}

// A dashboard's panels ask in turns: a rate limit counts all of an operator's questions.
let running = 0;
const waiting: (() => void)[] = [];
async function inTurn<T>(work: () => Promise<T>): Promise<T> {
  if (running >= AT_ONCE) await new Promise<void>((go) => waiting.push(go));
  running += 1;
  try {
    return await work();
  } finally {
    running -= 1;
    waiting.shift()?.();
  }
}

export async function dataOf(panel: Panel, dashboard: Dashboard, range: Range, gone: AbortSignal): Promise<PanelData> {
  const stepS = stepOf(range.rangeS);
  const endS = Math.floor(range.endS / stepS) * stepS;
  const startS = endS - Math.floor(range.rangeS / stepS) * stepS;
  const times = Array.from({ length: (endS - startS) / stepS + 1 }, (_, index) => startS + index * stepS);
  const places = new Map(times.map((time, index) => [time, index]));
  const series: Series[] = [];
  for (const target of panel.targets) {
    const query = expressionOf(target.expr, dashboard.variables, { stepS, rangeS: range.rangeS });
    const atOnce = target.instant || panel.kind === 'table' || panel.kind === 'bars';
    const answer = await inTurn(() =>
      atOnce ? get<Answer>('/operations/metrics/query', { query, time: endS }, gone) : get<Answer>('/operations/metrics/query_range', { query, start: startS, end: endS, step: stepS }, gone),
    );
    for (const one of answer.data.result.slice(0, MOST_SERIES - series.length)) {
      const values: (number | null)[] = Array(times.length).fill(null);
      for (const [time, value] of one.values ?? []) {
        const place = places.get(time);
        if (place !== undefined && Number.isFinite(Number(value))) values[place] = Number(value);
      }
      if (one.value) values[values.length - 1] = Number(one.value[1]);
      series.push({ name: legendOf(target.legend, one.metric), labels: one.metric, values });
    }
  }
  return { times, series };
}

export function lastOf(series: Series): number {
  for (let index = series.values.length - 1; index >= 0; index -= 1) {
    const value = series.values[index];
    if (value !== null && value !== undefined) return value;
  }
  return NaN;
}
