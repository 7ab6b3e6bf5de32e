import { describe, expect, it } from 'vitest';
import { href, routeOf } from './route';
import { soughtBy } from './search';

describe('addresses', () => {
  it('names a page and its parameters', () => {
    expect(routeOf('/console/')).toEqual({ page: 'stations', parameters: {}, query: {} });
    expect(routeOf('/console/sessions/abc', '?a=1')).toEqual({ page: 'session', parameters: { sessionId: 'abc' }, query: { a: '1' } });
    expect(routeOf('/console/dead-letters/payment/x').parameters).toEqual({ owner: 'payment', eventId: 'x' });
  });
  it('says of everything else that it is nowhere', () => {
    for (const path of ['/console/nothing', '/console/sessions/a/b', '/console/stations/a/b/c']) {
      expect(routeOf(path).page).toBe('nowhere');
    }
  });
  it('survives a broken escape', () => {
    expect(routeOf('/console/stations/%E0%A4%A').parameters.stationId).toBe('%E0%A4%A');
  });
  it('writes what it reads', () => {
    expect(routeOf(href('stations', 'a/b é')).parameters.stationId).toBe('a/b é');
  });
});

describe('the search box', () => {
  const code = '4bf92f3577b34da6a3ce929d0e0e4736';
  it('knows a support code however it is written', () => {
    for (const typed of [code, ` ${code.toUpperCase()} `, code.replace(/(.{8})/g, '$1 '), `00-${code}-00f067aa0ba902b7-01`]) {
      expect(soughtBy(typed)).toEqual({ kind: 'trace', traceId: code });
    }
  });
  it('tells ids, people and words apart', () => {
    expect(soughtBy('01a20add-f7cf-7378-a0c8-807d805a220c')).toEqual({ kind: 'id', id: '01a20add-f7cf-7378-a0c8-807d805a220c' });
    expect(soughtBy('p1.mfzxa2lonrxw2zlsfqqho2lunb')).toEqual({ kind: 'person', userId: 'p1.mfzxa2lonrxw2zlsfqqho2lunb' });
    expect(soughtBy('Jacareí')).toEqual({ kind: 'text', text: 'Jacareí' });
    expect(soughtBy('0'.repeat(32))).toEqual({ kind: 'text', text: '0'.repeat(32) });
    expect(soughtBy('  ')).toBeUndefined();
  });
});
