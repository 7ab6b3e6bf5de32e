// What somebody typed into the search box, by its form alone. Pure.
export type Sought =
  | { kind: 'trace'; traceId: string } // a support code, or the trace of any request
  | { kind: 'id'; id: string } // a session, a payment, a refund, an event
  | { kind: 'person'; userId: string }
  | { kind: 'text'; text: string };

const TRACE = /^(?!0{32})[0-9a-f]{32}$/;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const PSEUDONYM = /^p1\.[a-z2-7]{26}$/;
const TRACEPARENT = /^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}$/;

export function soughtBy(typed: string): Sought | undefined {
  const text = typed.trim();
  if (!text) return undefined;
  const plain = text.toLowerCase();
  const parent = TRACEPARENT.exec(plain)?.[1];
  // People read codes aloud and write them with blanks or hyphens.
  const digits = plain.replace(/[\s-]/g, '');
  if (UUID.test(plain)) return { kind: 'id', id: plain };
  if (parent) return { kind: 'trace', traceId: parent };
  if (TRACE.test(digits)) return { kind: 'trace', traceId: digits };
  if (PSEUDONYM.test(plain)) return { kind: 'person', userId: plain };
  return { kind: 'text', text };
}
