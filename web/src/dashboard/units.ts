// Values in Grafana's units, for one language. Pure.
import { number, percent, type Locale } from '../language/format';

const SCALES: Record<string, [number, string][]> = {
  s: [[1e-6, 'µs'], [1e-3, 'ms'], [1, 's'], [60, 'min'], [3_600, 'h'], [86_400, 'd']],
  ms: [[1e-3, 'µs'], [1, 'ms'], [1e3, 's'], [60e3, 'min']],
  bytes: [[1, 'B'], [1_024, 'KiB'], [1_048_576, 'MiB'], [1_073_741_824, 'GiB']],
  decbytes: [[1, 'B'], [1e3, 'kB'], [1e6, 'MB'], [1e9, 'GB']],
  watt: [[1, 'W'], [1e3, 'kW'], [1e6, 'MW']],
  watth: [[1, 'Wh'], [1e3, 'kWh'], [1e6, 'MWh']],
  short: [[1, ''], [1e3, 'k'], [1e6, 'M'], [1e9, 'G']],
};
const SUFFIX: Record<string, string> = {
  reqps: '/s', ops: '/s', cps: '/s', wps: '/s', rps: '/s', eps: '/s', mps: '/s', kwatt: ' kW', kwatth: ' kWh', currencyBRL: '',
};

function digits(value: number): number {
  const size = Math.abs(value);
  if (size === 0 || (Number.isInteger(value) && size < 1e6)) return 0;
  return size >= 100 ? 0 : size >= 10 ? 1 : 2;
}

function scaled(locale: Locale, value: number, scale: [number, string][], decimals: number | undefined): string {
  const size = Math.abs(value);
  const [factor, sign] = scale.filter(([least]) => size >= least).at(-1) ?? scale[0] ?? [1, ''];
  // Nothing is nothing in the scale's plain unit.
  const [by, unit] = size === 0 ? (scale.find(([least]) => least === 1) ?? [1, '']) : [factor, sign];
  const shown = value / by;
  return `${number(locale, shown, decimals ?? digits(shown))}${unit ? ` ${unit}` : ''}`;
}

export function inUnit(locale: Locale, value: number, unit: string, decimals?: number): string {
  if (!Number.isFinite(value)) return '–';
  if (unit === 'percentunit') return percent(locale, value);
  if (unit === 'percent') return percent(locale, value / 100);
  const scale = SCALES[unit];
  if (scale) return scaled(locale, value, scale, decimals);
  const shown = scaled(locale, value, SCALES.short ?? [], decimals);
  return `${shown}${SUFFIX[unit] ?? ''}`;
}
