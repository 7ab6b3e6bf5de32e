import { describe, expect, it } from 'vitest';
import type { Span } from '../api/model';
import { axisOf, rowsOf, servicesOf } from './waterfall';

const span = (spanId: string, startUs: number, durationUs: number, more: Partial<Span> = {}): Span => ({
  spanId,
  service: 'charging',
  name: spanId,
  kind: 'internal',
  startUs,
  durationUs,
  failed: false,
  attributes: {},
  ...more,
});

describe('the waterfall', () => {
  const spans = [
    span('c', 30, 5, { parentSpanId: 'b', kind: 'consumer', attributes: { 'messaging.system': 'kafka' }, service: 'payment' }),
    span('a', 0, 100),
    span('b', 10, 10, { parentSpanId: 'a', kind: 'producer', attributes: { 'messaging.system': 'kafka' } }),
    span('d', 50, 5, { parentSpanId: 'not-there' }),
  ];
  it('is in tree order, with roots for what has lost its parent', () => {
    expect(rowsOf(spans).map((row) => [row.span.spanId, row.depth, row.hop])).toEqual([
      ['a', 0, 'none'],
      ['b', 1, 'sent'],
      ['c', 2, 'taken'],
      ['d', 0, 'none'],
    ]);
  });
  it('hides what is below a folded row', () => {
    expect(rowsOf(spans, new Set(['b'])).map((row) => row.span.spanId)).toEqual(['a', 'b', 'd']);
  });
  it('does not run for ever on spans that are each other’s parents', () => {
    expect(rowsOf([span('x', 0, 1, { parentSpanId: 'y' }), span('y', 0, 1, { parentSpanId: 'x' })])).toEqual([]);
    expect(rowsOf([span('x', 0, 1, { parentSpanId: 'x' })])).toHaveLength(1);
  });
  it('names services in the order in which they speak', () => {
    expect(servicesOf(spans)).toEqual(['charging', 'payment']);
  });
});

describe('the axis', () => {
  it('is even where nothing is silent for long', () => {
    const axis = axisOf([span('a', 1_000, 100), span('b', 1_040, 10)]);
    expect([1_000, 1_050, 1_100].map(axis.at)).toEqual([0, 0.5, 1]);
    expect(axis.folds).toEqual([]);
  });
  it('folds a long silence and stays in order', () => {
    const axis = axisOf([span('a', 0, 100), span('b', 1_000_000, 100)]);
    expect(axis.folds).toHaveLength(1);
    expect(axis.at(100)).toBeCloseTo(0.4875, 3);
    expect(axis.at(1_000_000)).toBeCloseTo(0.5125, 3);
    const many = Array.from({ length: 200 }, (_, index) => axis.at(index * 5_000));
    expect(many.every((value, index) => index === 0 || value >= many[index - 1]!)).toBe(true);
  });
  it('leaves most of the axis to what happens, however many silences there are', () => {
    const spans = Array.from({ length: 30 }, (_, index) => span(`s${index}`, index * 1_000_000, 1_000));
    const axis = axisOf(spans);
    expect(axis.folds).toHaveLength(29);
    expect(axis.at(1_000)).toBeGreaterThan(0.02);
  });
  it('stands for one moment too', () => {
    expect(axisOf([span('a', 5, 0)]).at(5)).toBe(0);
    expect(axisOf([]).at(5)).toBeGreaterThanOrEqual(0);
  });
});
