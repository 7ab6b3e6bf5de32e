import { describe, expect, it } from 'vitest';
import { age, duration, money, number, shortId } from './format';

const plain = (text: string) => text.replace(/\u00a0/g, ' ');

describe('what people read', () => {
  it('writes money in each language', () => {
    expect(plain(money('pt-BR', { amount: 3987, currency: 'BRL' }))).toBe('R$ 39,87');
    expect(plain(money('en', { amount: 3987, currency: 'BRL' }))).toBe('R$39.87');
    expect(plain(money('pt-BR', { amount: 0, currency: 'BRL' }))).toBe('R$ 0,00');
  });
  it('writes numbers with the digits that were asked for', () => {
    expect(number('pt-BR', 7.3632, 3)).toBe('7,363');
    expect(number('en', 1234.5, 1)).toBe('1,234.5');
  });
  it('gives an age one unit', () => {
    expect([0, 59_999, 60_000, 3_600_000, 86_400_000, -5].map(age)).toEqual(['0 s', '59 s', '1 min', '1 h', '1 d', '0 s']);
  });
  it('gives a span three digits', () => {
    expect(duration('en', 216)).toBe('216 µs');
    expect(duration('en', 1_500)).toBe('1.50 ms');
    expect(duration('en', 45_678)).toBe('45.7 ms');
    expect(duration('en', 7_300_000)).toBe('7.30 s');
  });
  it('keeps the end of an id', () => {
    expect(shortId('01a20a7d-a6e7-73e1-b035-994f740fb5a1')).toBe('…740fb5a1');
    expect(shortId('short')).toBe('short');
  });
});
