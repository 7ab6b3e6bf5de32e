import { describe, expect, it } from 'vitest';
import { progress } from './saga';

describe('the way of a charge', () => {
  it('shows how far it came', () => {
    expect(progress(['REQUESTED', 'AUTHORISED', 'STARTED', 'CHARGING'])).toEqual({ asked: 'done', held: 'done', started: 'done', energy: 'now', ended: 'open', settled: 'open' });
  });
  it('is done when the money is settled', () => {
    expect(Object.values(progress(['REQUESTED', 'AUTHORISED', 'STARTED', 'CHARGING', 'STOPPING', 'ENDED', 'CAPTURING', 'CAPTURED']))).toEqual(Array(6).fill('done'));
  });
  it('does not claim steps that were never taken', () => {
    expect(progress(['REQUESTED', 'AUTHORISED', 'VOIDING', 'VOIDED'])).toMatchObject({ held: 'done', started: 'open', energy: 'open', settled: 'done' });
    expect(progress(['REQUESTED', 'FAILED'])).toMatchObject({ asked: 'done', held: 'failed', settled: 'open' });
    expect(progress([])).toMatchObject({ asked: 'now' });
  });
});
