// A trace as rows of a waterfall. Pure. Rows are in tree order; a span whose parent is not there stands as a root. The
// axis folds long silences, so that a charge of an hour and the milliseconds of its start are seen in one picture.
import type { Span } from '../api/model';

export interface Row {
  span: Span;
  depth: number;
  children: number; // direct ones
  hop: 'none' | 'sent' | 'taken'; // over Kafka
}

function hopOf(span: Span): Row['hop'] {
  if (span.attributes['messaging.system'] !== 'kafka') return 'none';
  return span.kind === 'consumer' ? 'taken' : 'sent';
}

export function rowsOf(spans: Span[], folded: ReadonlySet<string> = new Set()): Row[] {
  const known = new Set(spans.map((span) => span.spanId));
  const children = new Map<string, Span[]>();
  for (const span of [...spans].sort((one, other) => one.startUs - other.startUs)) {
    const parent = span.parentSpanId && known.has(span.parentSpanId) && span.parentSpanId !== span.spanId ? span.parentSpanId : '';
    children.set(parent, [...(children.get(parent) ?? []), span]);
  }
  const rows: Row[] = [];
  const seen = new Set<string>();
  const stack = (children.get('') ?? []).map((span) => ({ span, depth: 0 })).reverse();
  while (stack.length > 0) {
    const { span, depth } = stack.pop()!;
    if (seen.has(span.spanId)) continue;
    seen.add(span.spanId);
    const below = children.get(span.spanId) ?? [];
    rows.push({ span, depth, children: below.length, hop: hopOf(span) });
    if (!folded.has(span.spanId)) stack.push(...below.map((child) => ({ span: child, depth: depth + 1 })).reverse());
  }
  return rows;
}

export interface Axis {
  startUs: number;
  endUs: number;
  at: (timeUs: number) => number; // 0 to 1
  folds: { at: number; us: number }[]; // where a silence was folded, and how long it was
}

const FOLD_SHARE = 0.025; // what a folded silence takes of the axis …
const FOLDS_SHARE = 0.3; // … and all of them together, at most
const LONG_SHARE = 0.03; // a silence is long when it is that part of everything

// The times at which something happens, joined where they touch.
function busyOf(spans: Span[]): [number, number][] {
  const times = spans.map((span): [number, number] => [span.startUs, span.startUs + Math.max(span.durationUs, 1)]).sort((one, other) => one[0] - other[0]);
  const joined: [number, number][] = [];
  for (const [start, end] of times) {
    const last = joined.at(-1);
    if (last && start <= last[1]) last[1] = Math.max(last[1], end);
    else joined.push([start, end]);
  }
  return joined;
}

export function axisOf(spans: Span[]): Axis {
  const busy = busyOf(spans);
  const startUs = busy[0]?.[0] ?? 0;
  const endUs = busy.at(-1)?.[1] ?? 1;
  const silences = busy.slice(1).map(([start], index): [number, number] => [busy[index]![1], start]);
  const long = silences.filter(([start, end]) => end - start > (endUs - startUs) * LONG_SHARE);
  const silent = long.reduce((sum, [start, end]) => sum + end - start, 0);
  const fold = Math.min(FOLD_SHARE, FOLDS_SHARE / Math.max(1, long.length));
  const scale = (1 - fold * long.length) / Math.max(1, endUs - startUs - silent);
  const at = (timeUs: number): number => {
    let before = Math.min(Math.max(timeUs, startUs), endUs) - startUs;
    let share = 0;
    for (const [start, end] of long) {
      if (timeUs <= start) break;
      const part = Math.min(timeUs, end) - start;
      before -= part;
      share += fold * (part / (end - start));
    }
    return Math.min(1, Math.max(0, before * scale + share));
  };
  return { startUs, endUs, at, folds: long.map(([start, end]) => ({ at: at((start + end) / 2), us: end - start })) };
}

// Names in the order in which they first speak; the place is the colour.
export function servicesOf(spans: Span[]): string[] {
  return [...new Set([...spans].sort((one, other) => one.startUs - other.startUs).map((span) => span.service))];
}
