// How states look: a colour and a shape each, so that neither alone carries the meaning. Pure.
import type { ConnectorStatus, Fault, SessionState } from '../api/model';

export type Tone = 'good' | 'busy' | 'warn' | 'bad' | 'off';
export type Shape = 'ring' | 'disc' | 'bolt' | 'half' | 'pause' | 'tick' | 'triangle' | 'square' | 'dash' | 'cross';
export interface Look {
  tone: Tone;
  shape: Shape;
}

export const CONNECTOR: Record<ConnectorStatus, Look> = {
  available: { tone: 'good', shape: 'ring' },
  preparing: { tone: 'busy', shape: 'half' },
  charging: { tone: 'busy', shape: 'bolt' },
  suspendedEv: { tone: 'warn', shape: 'pause' },
  suspendedEvse: { tone: 'warn', shape: 'pause' },
  finishing: { tone: 'busy', shape: 'tick' },
  reserved: { tone: 'warn', shape: 'square' },
  unavailable: { tone: 'off', shape: 'square' },
  faulted: { tone: 'bad', shape: 'triangle' },
  offline: { tone: 'bad', shape: 'cross' },
  unknown: { tone: 'off', shape: 'dash' },
};

export const STATION: Record<'online' | 'offline' | 'unknown', Look> = {
  online: { tone: 'good', shape: 'disc' },
  offline: { tone: 'bad', shape: 'cross' },
  unknown: { tone: 'off', shape: 'dash' },
};

export const SESSION: Record<SessionState, Look> = {
  REQUESTED: { tone: 'busy', shape: 'ring' },
  PREAUTH_UNKNOWN: { tone: 'warn', shape: 'triangle' },
  AUTHORISED: { tone: 'busy', shape: 'half' },
  CANCELLING: { tone: 'warn', shape: 'half' },
  STARTED: { tone: 'busy', shape: 'disc' },
  CHARGING: { tone: 'busy', shape: 'bolt' },
  LATE_STARTED: { tone: 'warn', shape: 'bolt' },
  STOPPING: { tone: 'busy', shape: 'pause' },
  ENDED: { tone: 'busy', shape: 'square' },
  CAPTURING: { tone: 'busy', shape: 'half' },
  VOIDING: { tone: 'busy', shape: 'half' },
  FAILED: { tone: 'bad', shape: 'cross' },
  VOIDED: { tone: 'off', shape: 'square' },
  EXPIRED: { tone: 'off', shape: 'square' },
  CAPTURED: { tone: 'good', shape: 'tick' },
  RECEIVABLE: { tone: 'warn', shape: 'tick' },
};

export const RESULT: Record<string, Look> = {
  applied: { tone: 'good', shape: 'tick' },
  accepted: { tone: 'good', shape: 'tick' },
  released: { tone: 'good', shape: 'tick' },
  discarded: { tone: 'off', shape: 'square' },
  replayed: { tone: 'good', shape: 'tick' },
  dead: { tone: 'bad', shape: 'triangle' },
  deadAgain: { tone: 'bad', shape: 'triangle' },
  notNow: { tone: 'warn', shape: 'pause' },
  notFound: { tone: 'off', shape: 'dash' },
  approvalRequired: { tone: 'warn', shape: 'half' },
};

export const REFUND: Record<string, Look> = {
  requested: { tone: 'warn', shape: 'half' },
  rejected: { tone: 'off', shape: 'square' },
  approved: { tone: 'busy', shape: 'half' },
  unknown: { tone: 'warn', shape: 'triangle' },
  refunded: { tone: 'good', shape: 'tick' },
  failed: { tone: 'bad', shape: 'cross' },
};

export const FAULT: Record<Fault['state'], Look> = {
  off: { tone: 'off', shape: 'ring' },
  asked: { tone: 'busy', shape: 'half' },
  on: { tone: 'bad', shape: 'triangle' },
  ending: { tone: 'busy', shape: 'half' },
  failed: { tone: 'warn', shape: 'cross' },
};

export const PAYMENT: Record<string, Look> = {
  requested: { tone: 'busy', shape: 'ring' },
  unknown: { tone: 'warn', shape: 'triangle' },
  authorised: { tone: 'busy', shape: 'half' },
  declined: { tone: 'bad', shape: 'cross' },
  failed: { tone: 'bad', shape: 'cross' },
  capturing: { tone: 'busy', shape: 'half' },
  captured: { tone: 'good', shape: 'tick' },
  voiding: { tone: 'busy', shape: 'half' },
  voided: { tone: 'off', shape: 'square' },
  expired: { tone: 'off', shape: 'square' },
};

const UNKNOWN: Look = { tone: 'off', shape: 'dash' };
export function lookOf(table: Record<string, Look>, word: string): Look {
  return table[word] ?? UNKNOWN;
}

const LIVE = new Set<SessionState>([
  'REQUESTED', 'PREAUTH_UNKNOWN', 'AUTHORISED', 'CANCELLING', 'STARTED', 'CHARGING', 'LATE_STARTED', 'STOPPING', 'ENDED', 'CAPTURING', 'VOIDING',
]);
export function isLive(state: SessionState): boolean {
  return LIVE.has(state);
}
