// Addresses of the console: what stands after /console/, as a page with its parameters, and back. Pure.
export type PageName =
  | 'stations'
  | 'station'
  | 'sessions'
  | 'session'
  | 'trace'
  | 'search'
  | 'dead-letters'
  | 'dead-letter'
  | 'cases'
  | 'refunds'
  | 'services'
  | 'ops'
  | 'flow'
  | 'faults'
  | 'audit'
  | 'nowhere';

export interface Route {
  page: PageName;
  parameters: Record<string, string>;
  query: Record<string, string>;
}

const BASE = '/console/';

const SHAPES: [string, PageName][] = [
  ['', 'stations'],
  ['stations', 'stations'],
  ['stations/:stationId', 'station'],
  ['sessions', 'sessions'],
  ['sessions/:sessionId', 'session'],
  ['traces/:traceId', 'trace'],
  ['search', 'search'],
  ['dead-letters', 'dead-letters'],
  ['dead-letters/:owner/:eventId', 'dead-letter'],
  ['cases', 'cases'],
  ['refunds', 'refunds'],
  ['services', 'services'],
  ['ops', 'ops'],
  ['ops/:dashboard', 'ops'],
  ['flow', 'flow'],
  ['flow/:traceId', 'flow'],
  ['faults', 'faults'],
  ['audit', 'audit'],
];

function match(shape: string, segments: string[]): Record<string, string> | undefined {
  const parts = shape === '' ? [] : shape.split('/');
  if (parts.length !== segments.length) return undefined;
  const parameters: Record<string, string> = {};
  for (const [index, part] of parts.entries()) {
    const segment = segments[index] ?? '';
    if (part.startsWith(':')) parameters[part.slice(1)] = segment;
    else if (part !== segment) return undefined;
  }
  return parameters;
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

export function routeOf(pathname: string, search = ''): Route {
  const query = Object.fromEntries(new URLSearchParams(search));
  const inside = pathname.startsWith(BASE) ? pathname.slice(BASE.length) : '';
  const segments = inside.split('/').filter(Boolean).map(decoded);
  for (const [shape, page] of SHAPES) {
    const parameters = match(shape, segments);
    if (parameters) return { page, parameters, query };
  }
  return { page: 'nowhere', parameters: {}, query };
}

// href('stations', 'BR-SP-0069') is /console/stations/BR-SP-0069.
export function href(...segments: string[]): string {
  return BASE + segments.map(encodeURIComponent).join('/');
}
