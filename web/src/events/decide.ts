// What an operator may do with events that stand still, as calls. Replay, discard and accepted gaps about money wait for
// a second person: the platform says so, and the same call by somebody else carries it out.
import { post } from '../api/client';
import type { Gap, Owner, ParkedKey, ReplayResult } from '../api/model';

export type LetterAction = 'dry-run' | 'replay' | 'discard';
type Decided = ReplayResult['results'][number];

export async function decideLetters(owner: Owner, action: LetterAction, eventIds: string[], reason: string, key: string): Promise<Decided[]> {
  const body = action === 'dry-run' ? { eventIds } : { eventIds, reason };
  return (await post<ReplayResult>(`/operations/${owner}/dead-letters/${action}`, body, key)).results;
}

export async function acceptGap(owner: Owner, gap: Gap, reason: string, key: string): Promise<Omit<Decided, 'eventId'>> {
  const { topic, missingFrom, missingTo } = gap;
  return post(`/operations/${owner}/gaps/accept`, { topic, key: gap.key, missingFrom, missingTo, reason }, key);
}

export async function releaseKey(owner: Owner, parked: ParkedKey, reason: string, key: string): Promise<Omit<Decided, 'eventId'>> {
  return post(`/operations/${owner}/parked-keys/release`, { topic: parked.topic, key: parked.key, reason }, key);
}

export async function giveUp(owner: Owner, parked: ParkedKey, sequence: number, reason: string, key: string): Promise<Omit<Decided, 'eventId'>> {
  return post(`/operations/${owner}/parked-keys/discard`, { topic: parked.topic, key: parked.key, sequence, reason }, key);
}
