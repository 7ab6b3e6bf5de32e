import { describe, expect, it } from 'vitest';
import type { Span } from '../api/model';
import { hopsOf, shownMs } from './hops';

const span = (spanId: string, service: string, kind: Span['kind'], startUs: number, parentSpanId?: string, attributes = {}): Span => ({
  spanId, service, kind, startUs, durationUs: 1_000, name: `${service} ${spanId}`, failed: false, attributes, ...(parentSpanId ? { parentSpanId } : {}),
});
const kafka = { 'messaging.system': 'kafka', 'messaging.destination.name': 'charging.events' };

describe('the way of a trace', () => {
  const spans = [
    span('e', 'payment', 'consumer', 50, 'd', kafka),
    span('a', 'gateway', 'server', 0),
    span('b', 'gateway', 'client', 10, 'a'),
    span('c', 'charging', 'server', 20, 'b', { 'http.route': '/charging/start' }),
    span('d', 'charging', 'producer', 30, 'c', { ...kafka, 'ev.event.type': 'ChargingSessionRequested' }),
    span('f', 'charging', 'client', 40, 'c', { 'db.system.name': 'postgresql' }),
  ];
  it('goes from service to service and through topics, in order', () => {
    expect(hopsOf(spans).map((hop) => [hop.from, hop.to, hop.name])).toEqual([
      ['gateway', 'charging', '/charging/start'],
      ['charging', 'kafka/charging.events', 'ChargingSessionRequested'],
      ['kafka/charging.events', 'payment', 'ChargingSessionRequested'],
    ]);
  });
  it('shows what was slow for longer, but never for ever', () => {
    const [hop] = hopsOf(spans);
    expect(shownMs({ ...hop!, durationUs: 10 })).toBeLessThan(shownMs({ ...hop!, durationUs: 100_000 }));
    expect(shownMs({ ...hop!, durationUs: 1e12 })).toBe(1_400);
  });
});
