// The board's rules: which stations are shown, in what order, and what they add up to. Pure.
import type { Connector, ConnectorChange, ConnectorStatus, Station } from '../api/model';

export const FILTERS = ['alive', 'charging', 'free', 'trouble', 'unknown', 'all'] as const;
export type Filter = (typeof FILTERS)[number];

export function isFilter(text: string | undefined): text is Filter {
  return FILTERS.some((filter) => filter === text);
}

const TROUBLE = new Set<ConnectorStatus>(['faulted', 'offline', 'unavailable']);

function inTrouble(station: Station): boolean {
  return station.status === 'offline' || station.connectors.some((connector) => TROUBLE.has(connector.status));
}

function fits(station: Station, filter: Filter): boolean {
  if (filter === 'all') return true;
  if (filter === 'unknown') return station.status === 'unknown';
  if (station.status === 'unknown') return false;
  if (filter === 'charging') return station.connectors.some((connector) => connector.charge !== undefined || connector.status === 'charging');
  if (filter === 'free') return station.status === 'online' && station.connectors.some((connector) => connector.status === 'available');
  return filter === 'trouble' ? inTrouble(station) : true;
}

const folded = (text: string): string => text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();

// What a search for words looks at, without accents and capitals.
export function foundBy(station: Station): string {
  return folded(`${station.stationId} ${station.name} ${station.network ?? ''}`);
}

export function wordsOf(text: string): string[] {
  return folded(text).split(/\s+/);
}

export function matches(station: Station, found: string, filter: Filter, words: string[]): boolean {
  return fits(station, filter) && words.every((word) => found.includes(word));
}

// The same order at all times: a board whose rows jump cannot be read.
export function inOrder(one: Station, other: Station): number {
  return one.stationId < other.stationId ? -1 : one.stationId > other.stationId ? 1 : 0;
}

export function powerKw(station: Station): number {
  return station.connectors.reduce((sum, connector) => sum + (connector.charge?.powerKw ?? 0), 0);
}

// The station after one change; the same object when the change is about none of its connectors.
export function changed(station: Station, change: ConnectorChange): Station {
  if (!station.connectors.some((connector) => connector.connectorId === change.connector.connectorId)) return station;
  const connectors = station.connectors.map((connector): Connector => (connector.connectorId === change.connector.connectorId ? change.connector : connector));
  return { ...station, status: change.stationStatus, connectors };
}

export interface Totals {
  online: number;
  offline: number;
  unknown: number;
  available: number;
  charging: number;
  trouble: number;
  powerKw: number;
}

export function totals(stations: Iterable<Station>): Totals {
  const sum: Totals = { online: 0, offline: 0, unknown: 0, available: 0, charging: 0, trouble: 0, powerKw: 0 };
  for (const station of stations) {
    sum[station.status] += 1;
    sum.powerKw += powerKw(station);
    for (const connector of station.connectors) {
      if (connector.status === 'available') sum.available += 1;
      if (connector.charge?.powerKw !== undefined || connector.status === 'charging') sum.charging += 1;
      if (station.status !== 'unknown' && TROUBLE.has(connector.status)) sum.trouble += 1;
    }
  }
  return sum;
}
