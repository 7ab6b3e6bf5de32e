// Places of the service map: callers on the left, services, topics, stores on the right. Pure, and the same for the same
// names: a picture that jumps between two looks cannot be learnt.
import type { ServiceEdge } from '../api/model';

export interface Place {
  name: string;
  kind: 'edge' | 'service' | 'topic' | 'store';
  x: number;
  y: number;
}

const ROW = 84;
const COLUMN = 270;
export const NODE = { width: 168, height: 44 };
const MARGIN = 40;
const STORES = new Set(['postgresql', 'redis', 'registry', 'apicurio', 'payment-provider', 'trace-store', 'log-store', 'metrics-store']);
const EDGES = new Set(['gateway', 'charge-points']);
const KINDS = ['edge', 'service', 'topic', 'store'] as const;
// The order in which a charge meets them.
const ORDER = ['gateway', 'charge-points', 'auth', 'user', 'routing', 'charging', 'payment', 'integrations', 'kafka/charging.events', 'kafka/payment.events', 'kafka/integration.events'];

function kindOf(name: string): Place['kind'] {
  if (name.startsWith('kafka/')) return 'topic';
  if (EDGES.has(name)) return 'edge';
  return STORES.has(name) ? 'store' : 'service';
}

function rank(name: string): number {
  const place = ORDER.indexOf(name);
  return place === -1 ? ORDER.length : place;
}

export interface Layout {
  places: Map<string, Place>;
  width: number;
  height: number;
}

export function layoutOf(names: Iterable<string>): Layout {
  const columns = KINDS.map((kind) => [...new Set(names)].filter((name) => kindOf(name) === kind).sort((one, other) => rank(one) - rank(other) || one.localeCompare(other)));
  const tallest = Math.max(1, ...columns.map((column) => column.length));
  const places = new Map<string, Place>();
  for (const [index, column] of columns.entries()) {
    for (const [row, name] of column.entries()) {
      const top = ((tallest - column.length) * ROW) / 2;
      places.set(name, { name, kind: KINDS[index] ?? 'service', x: MARGIN + index * COLUMN, y: MARGIN / 2 + top + row * ROW });
    }
  }
  return { places, width: 2 * MARGIN + 3 * COLUMN + NODE.width, height: MARGIN + tallest * ROW };
}

// A curve from one side of a node to the facing side of another; within a column it goes around.
export function curve(from: Place, to: Place): string {
  const [y1, y2] = [from.y + NODE.height / 2, to.y + NODE.height / 2];
  if (from.x === to.x) {
    const x = from.x;
    const bow = 26 + Math.min(30, Math.abs(y2 - y1) / 8);
    return `M${x},${y1} C${x - bow},${y1} ${x - bow},${y2} ${x},${y2}`;
  }
  const forward = from.x < to.x;
  const [x1, x2] = [forward ? from.x + NODE.width : from.x, forward ? to.x : to.x + NODE.width];
  const shift = forward ? 0 : 8; // the way back does not hide the way there
  const middle = (x1 + x2) / 2;
  return `M${x1},${y1 + shift} C${middle},${y1 + shift} ${middle},${y2 + shift} ${x2},${y2 + shift}`;
}

export function namesOf(edges: Pick<ServiceEdge, 'client' | 'server'>[]): string[] {
  return [...new Set(edges.flatMap((edge) => [edge.client, edge.server]))];
}

export function width(perSecond: number): number {
  return Math.min(6, 1.5 + Math.log10(1 + perSecond * 10));
}
