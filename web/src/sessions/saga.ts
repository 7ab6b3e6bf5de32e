// The way of a charge as a person follows it: the steps that every charge takes, how far this one came, and how it
// ended. Pure.
import type { SessionState } from '../api/model';

export const STEPS = ['asked', 'held', 'started', 'energy', 'ended', 'settled'] as const;
export type Step = (typeof STEPS)[number];
export type Progress = 'done' | 'now' | 'open' | 'failed';

const REACHED: Record<SessionState, Step> = {
  REQUESTED: 'asked',
  PREAUTH_UNKNOWN: 'held',
  AUTHORISED: 'held',
  CANCELLING: 'held',
  STARTED: 'started',
  CHARGING: 'energy',
  LATE_STARTED: 'started',
  STOPPING: 'energy',
  ENDED: 'ended',
  CAPTURING: 'settled',
  VOIDING: 'settled',
  FAILED: 'held',
  VOIDED: 'settled',
  EXPIRED: 'settled',
  CAPTURED: 'settled',
  RECEIVABLE: 'settled',
};
const OVER = new Set<SessionState>(['CAPTURED', 'RECEIVABLE', 'VOIDED', 'EXPIRED']);

// `seen`: the states of the timeline, in order, the present one last. A step that was never in it was not taken.
export function progress(seen: SessionState[]): Record<Step, Progress> {
  const now = seen.at(-1) ?? 'REQUESTED';
  const taken = new Set(seen.map((state) => REACHED[state]));
  const place = STEPS.indexOf(REACHED[now]);
  const told = {} as Record<Step, Progress>;
  for (const [index, step] of STEPS.entries()) {
    const here = index === place;
    if (here && now === 'FAILED') told[step] = 'failed';
    else if (here) told[step] = OVER.has(now) ? 'done' : 'now';
    else told[step] = index < place && (taken.has(step) || step === 'asked') ? 'done' : 'open';
  }
  return told;
}
