// The way of one trace between services, as hops that can be followed on the map. Pure.
import type { Span } from '../api/model';

export interface Hop {
  spanId: string;
  from: string;
  to: string;
  name: string;
  startUs: number;
  durationUs: number;
  failed: boolean;
}

// What a hop is called on: the route, the event, the operation.
function nameOf(span: Span): string {
  return span.attributes['ev.event.type'] ?? span.attributes['http.route'] ?? span.name;
}

function topicOf(span: Span): string | undefined {
  const topic = span.attributes['messaging.destination.name'];
  return span.attributes['messaging.system'] === 'kafka' && topic ? `kafka/${topic}` : undefined;
}

function hopOf(span: Span, parent: Span | undefined): Omit<Hop, 'spanId' | 'startUs' | 'durationUs' | 'failed'> | undefined {
  const topic = topicOf(span);
  if (topic) {
    if (span.kind === 'consumer') return { from: topic, to: span.service, name: parent ? nameOf(parent) : nameOf(span) };
    return span.kind === 'producer' ? { from: span.service, to: topic, name: nameOf(span) } : undefined;
  }
  if (span.kind === 'server' && parent && parent.service !== span.service) return { from: parent.service, to: span.service, name: nameOf(span) };
  return undefined;
}

export function hopsOf(spans: Span[]): Hop[] {
  const byId = new Map(spans.map((span) => [span.spanId, span]));
  const hops: Hop[] = [];
  for (const span of [...spans].sort((one, other) => one.startUs - other.startUs)) {
    const hop = hopOf(span, span.parentSpanId ? byId.get(span.parentSpanId) : undefined);
    if (hop) hops.push({ ...hop, spanId: span.spanId, startUs: span.startUs, durationUs: span.durationUs, failed: span.failed });
  }
  return hops;
}

// How long a hop is shown: what took longer moves slower, within what an eye follows.
export function shownMs(hop: Hop): number {
  return Math.round(Math.min(1_400, 380 + 160 * Math.log10(1 + hop.durationUs / 100)));
}
