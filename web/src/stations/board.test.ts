import { describe, expect, it } from 'vitest';
import type { Station } from '../api/model';
import { changed, foundBy, matches, powerKw, totals, wordsOf, type Filter } from './board';

const station = (more: Partial<Station> = {}): Station => ({
  stationId: 'BR-SP-0069',
  name: 'Jacareí',
  position: { lat: -23, lon: -46 },
  status: 'online',
  perKwh: { amount: 219, currency: 'BRL' },
  connectors: [
    { connectorId: 1, type: 'CCS2', maxPowerKw: 60, status: 'available' },
    { connectorId: 2, type: 'CCS2', maxPowerKw: 60, status: 'charging', charge: { sessionId: 's', state: 'CHARGING', energyKwh: 1, powerKw: 42.5 } },
  ],
  ...more,
});

const seen = (one: Station, filter: Filter, text: string) => matches(one, foundBy(one), filter, wordsOf(text));

describe('the station board', () => {
  it('finds by words without accents, all of which must be there', () => {
    expect(seen(station(), 'alive', 'jacarei 0069')).toBe(true);
    expect(seen(station(), 'alive', 'jacareí paraty')).toBe(false);
    expect(seen(station(), 'alive', '')).toBe(true);
  });
  it('filters by what is going on', () => {
    expect(seen(station(), 'charging', '')).toBe(true);
    expect(seen(station(), 'free', '')).toBe(true);
    expect(seen(station(), 'trouble', '')).toBe(false);
    expect(seen(station({ status: 'offline' }), 'trouble', '')).toBe(true);
    expect(seen(station({ status: 'offline' }), 'free', '')).toBe(false);
    expect(seen(station({ status: 'unknown' }), 'alive', '')).toBe(false);
    expect(seen(station({ status: 'unknown' }), 'all', '')).toBe(true);
  });
  it('takes one change over and leaves the rest', () => {
    const before = station();
    const after = changed(before, { stationId: 'BR-SP-0069', stationStatus: 'online', connector: { connectorId: 1, type: 'CCS2', maxPowerKw: 60, status: 'faulted' } });
    expect(after.connectors.map((connector) => connector.status)).toEqual(['faulted', 'charging']);
    expect(after.connectors[1]).toBe(before.connectors[1]);
    expect(changed(before, { stationId: 'BR-SP-0069', stationStatus: 'offline', connector: { connectorId: 9, type: 'CCS2', maxPowerKw: 60, status: 'faulted' } })).toBe(before);
  });
  it('adds up', () => {
    expect(powerKw(station())).toBe(42.5);
    expect(totals([station(), station({ status: 'unknown' })])).toMatchObject({ online: 1, unknown: 1, charging: 2, powerKw: 85 });
  });
});
