// An amount as a person types it, in minor units: "12", "12,5", "1.234,56", "1,234.56". Undefined when it is none, has
// more than two digits behind its point, or could be read in two ways. Pure.
const LARGEST = 100_000_000;

export function amountOf(typed: string): number | undefined {
  const text = typed.trim().replace(/\s/g, '');
  const found = /^(\d{1,9}|\d{1,3}(?:([.,])\d{3})+)(?:([.,])(\d{1,2}))?$/.exec(text);
  if (!found?.[1] || (found[2] && found[2] === found[3])) return undefined;
  const whole = found[1].replace(/[.,]/g, '');
  const minor = Number(whole) * 100 + Number((found[4] ?? '').padEnd(2, '0'));
  return minor <= LARGEST ? minor : undefined;
}
