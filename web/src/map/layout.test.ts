import { describe, expect, it } from 'vitest';
import { curve, layoutOf, namesOf, width } from './layout';

describe('the service map', () => {
  const names = ['payment', 'gateway', 'kafka/charging.events', 'postgresql', 'charging'];
  it('puts callers, services, topics and stores into columns', () => {
    const { places } = layoutOf(names);
    const x = (name: string) => places.get(name)!.x;
    expect(x('gateway')).toBeLessThan(x('charging'));
    expect(x('charging')).toBeLessThan(x('kafka/charging.events'));
    expect(x('kafka/charging.events')).toBeLessThan(x('postgresql'));
    expect(places.get('charging')!.y).toBeLessThan(places.get('payment')!.y);
  });
  it('is the same in whatever order the edges come', () => {
    expect(layoutOf([...names].reverse())).toEqual(layoutOf(names));
  });
  it('draws edges between any two', () => {
    const { places } = layoutOf(names);
    const all = [...places.values()];
    for (const one of all) for (const other of all) expect(curve(one, other)).toMatch(/^M[\d.-]+,[\d.-]+ C/);
    expect(curve(places.get('charging')!, places.get('payment')!)).not.toEqual(curve(places.get('payment')!, places.get('charging')!));
  });
  it('names every end once', () => {
    expect(namesOf([{ client: 'a', server: 'b' }, { client: 'b', server: 'a' }])).toEqual(['a', 'b']);
  });
  it('does not let a busy edge cover the picture', () => {
    expect(width(0)).toBeGreaterThan(1);
    expect(width(1e9)).toBe(6);
  });
});
