import { describe, expect, it } from 'vitest';
import { colourOf, dashboardOf, expressionOf, legendOf } from './model';
import { sample } from './sample_dashboard';
import { inUnit } from './units';

const plain = (text: string) => text.replace(/\u00a0/g, ' ');

describe('a dashboard of Grafana', () => {
  const dashboard = dashboardOf(sample);
  it('gives its panels, those of folded rows too', () => {
    expect(dashboard.panels.map((panel) => [panel.id, panel.kind])).toEqual([[1, 'series'], [3, 'value'], [4, 'other']]);
    expect(dashboard.panels[0]).toMatchObject({ unit: 's', stacked: true, place: { w: 12, h: 8 } });
    expect(dashboard.panels[0]!.targets).toHaveLength(1);
    expect(dashboard.hours).toBe(0.5);
  });
  it('puts variables and intervals into expressions', () => {
    const expr = expressionOf(dashboard.panels[0]!.targets[0]!.expr, dashboard.variables, { stepS: 15, rangeS: 1_800 });
    expect(expr).toBe('rate(x{service="charging",route=~".*"}[60s])');
    expect(expressionOf('a[$__range] $nobody', {}, { stepS: 5, rangeS: 60 })).toBe('a[60s] $nobody');
    expect(dashboard.variables.source).toBeUndefined();
  });
  it('names series by their labels', () => {
    expect(legendOf('{{service}} p95', { service: 'auth' })).toBe('auth p95');
    expect(legendOf('', { __name__: 'up', job: 'x' })).toBe('job=x');
    expect(legendOf('__auto', { __name__: 'up' })).toBe('up');
  });
  it('colours a value by the step that it has reached', () => {
    const { thresholds } = dashboard.panels[1]!;
    expect([0, 4.9, 5].map((value) => colourOf(value, thresholds))).toEqual(['good', 'good', 'bad']);
    expect(colourOf(1, [])).toBe('');
  });
  it('takes anything for a dashboard without breaking', () => {
    for (const nonsense of [null, 7, 'x', [], { panels: [null, 3, {}] }]) expect(() => dashboardOf(nonsense)).not.toThrow();
  });
});

describe('units', () => {
  it('are written as people read them', () => {
    expect(plain(inUnit('en', 0.0123, 's'))).toBe('12.3 ms');
    expect(plain(inUnit('en', 0, 's'))).toBe('0 s');
    expect(plain(inUnit('pt-BR', 0.05, 'percentunit'))).toBe('5%');
    expect(plain(inUnit('en', 1536, 'bytes'))).toBe('1.50 KiB');
    expect(plain(inUnit('en', 12_345, 'short'))).toBe('12.3 k');
    expect(plain(inUnit('en', 2.5, 'reqps'))).toBe('2.50/s');
    expect(inUnit('en', NaN, 's')).toBe('–');
  });
});
