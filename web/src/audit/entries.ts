// What operators decided, from the three places that record it, as one list: decisions about events, refunds, closed
// cases. Pure.
import type { Case, EventRun, Owner, Refund } from '../api/model';

export interface Entry {
  key: string;
  at: string;
  by: string;
  with?: string; // of a decision by two people, the first
  kind: 'event' | 'refund' | 'case';
  what: string; // a word of its kind
  owner: Owner;
  about?: { kind: 'letter' | 'session'; id: string };
  result: string;
  why?: string;
  traceId?: string;
}

function ofRun(run: EventRun & { owner: Owner }): Entry {
  return {
    key: run.runId, at: run.at, by: run.by, with: run.requestedBy, kind: 'event', what: run.action, owner: run.owner,
    about: run.eventId ? { kind: 'letter', id: run.eventId } : undefined,
    result: run.result, why: run.reason, traceId: run.supportCode,
  };
}

function ofRefund(refund: Refund): Entry[] {
  const about = { kind: 'session' as const, id: refund.sessionId };
  const asked: Entry = { key: `${refund.refundId} asked`, at: refund.requestedAt, by: refund.requestedBy, kind: 'refund', what: 'requested', owner: 'payment', about, result: refund.state, why: refund.note };
  if (!refund.decidedBy || !refund.decidedAt) return [asked];
  const what = refund.state === 'rejected' ? 'rejected' : 'approved';
  return [asked, { ...asked, key: `${refund.refundId} decided`, at: refund.decidedAt, by: refund.decidedBy, with: refund.requestedBy, what }];
}

function ofCase(one: Case & { owner: Owner }): Entry[] {
  if (!one.closedAt || !one.closedBy) return [];
  const about = one.sessionId ? { kind: 'session' as const, id: one.sessionId } : undefined;
  return [{ key: one.caseId, at: one.closedAt, by: one.closedBy, kind: 'case', what: one.kind, owner: one.owner, about, result: one.outcome ?? '', why: one.reason, traceId: one.supportCode }];
}

// Newest first.
export function entriesOf(runs: (EventRun & { owner: Owner })[], refunds: Refund[], cases: (Case & { owner: Owner })[]): Entry[] {
  return [...runs.map(ofRun), ...refunds.flatMap(ofRefund), ...cases.flatMap(ofCase)].sort((one, other) => (one.at > other.at ? -1 : 1));
}
