import { describe, expect, it } from 'vitest';
import type { Case, EventRun, Refund } from '../api/model';
import { entriesOf } from './entries';

const refund: Refund = {
  refundId: 'r', paymentId: 'p', sessionId: 's', amount: { amount: 100, currency: 'BRL' }, reason: 'goodwill', note: 'the screen was broken', state: 'refunded',
  requestedBy: 'p1.one', requestedAt: '2026-11-30T10:00:00Z', decidedBy: 'p1.two', decidedAt: '2026-11-30T11:00:00Z',
};
const run = { runId: 'x', at: '2026-11-30T10:30:00Z', action: 'replay', by: 'p1.one', result: 'applied', eventId: 'e', owner: 'charging' } satisfies EventRun & { owner: 'charging' };
const closed = { caseId: 'c', kind: 'stopDiffers', state: 'closed', subject: 'x', detail: 'y', openedAt: '2026-11-30T08:00:00Z', closedAt: '2026-11-30T09:00:00Z', closedBy: 'p1.two', outcome: 'noChange', owner: 'integrations' } satisfies Case & { owner: 'integrations' };

describe('the audit view', () => {
  it('is one list of who did what, newest first', () => {
    const entries = entriesOf([run], [refund], [closed]);
    expect(entries.map((entry) => [entry.kind, entry.what, entry.by])).toEqual([
      ['refund', 'approved', 'p1.two'],
      ['event', 'replay', 'p1.one'],
      ['refund', 'requested', 'p1.one'],
      ['case', 'stopDiffers', 'p1.two'],
    ]);
    expect(entries[0]?.with).toBe('p1.one');
  });
  it('has nothing of what nobody decided yet', () => {
    const { decidedBy: _by, decidedAt: _at, ...open } = refund;
    expect(entriesOf([], [open], [{ ...closed, closedAt: undefined, closedBy: undefined }])).toHaveLength(1);
  });
});
