import { describe, expect, it } from 'vitest';
import { amountOf } from './amount';

describe('an amount that somebody types', () => {
  it('is read in both ways of writing', () => {
    expect(['12', '12,5', '12.50', '1.234,56', '1,234.56', ' 1 234,56 ', '0,01'].map(amountOf)).toEqual([1200, 1250, 1250, 123456, 123456, 123456, 1]);
  });
  it('is refused when it is none or too exact', () => {
    for (const typed of ['', '-1', '1,234,5678', '12,345,6', '1e3', '12,', 'R$ 5', '1.2345', '9999999999']) expect(amountOf(typed), typed).toBeUndefined();
  });
  it('takes three digits behind one sign for thousands, never for a fraction', () => {
    expect(amountOf('1.234')).toBe(123400);
  });
});
