// Calls to the platform, same origin: the gateway knows the browser by its cookie and puts the token in. Every failure
// is a Failure that says what a person can do with it; no call hangs for ever.
import type { Problem } from './model';

const TIME_LIMIT_MS = 20_000;
// Sent to the window when the platform no longer knows who asks.
export const SIGNED_OUT = 'evcosta-signed-out';

export class Failure extends Error {
  constructor(
    readonly status: number, // 0: nothing was heard
    readonly code: string,
    readonly traceId: string | undefined,
    message: string,
    readonly fields: { pointer: string; detail: string }[] = [],
  ) {
    super(message);
  }
}

export type Query = Record<string, string | number | boolean | undefined>;

export function address(path: string, query: Query = {}): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== '') parameters.set(name, String(value));
  }
  const text = parameters.toString();
  return text ? `${path}?${text}` : path;
}

export async function failureOf(answer: Response): Promise<Failure> {
  const problem = (await answer.json().catch(() => undefined)) as Partial<Problem> | undefined;
  const message = problem?.detail || problem?.title || answer.statusText || String(answer.status);
  return new Failure(answer.status, problem?.code ?? `http-${answer.status}`, problem?.traceId, message, problem?.errors);
}

// `gone`: the page that asked is no longer there.
async function ask(path: string, options: RequestInit, gone?: AbortSignal): Promise<Response> {
  const limit = AbortSignal.timeout(TIME_LIMIT_MS);
  const signal = gone ? AbortSignal.any([gone, limit]) : limit;
  let answer: Response;
  try {
    answer = await fetch(path, { ...options, signal, credentials: 'same-origin', redirect: 'error' });
  } catch (error) {
    if (gone?.aborted) throw error;
    throw new Failure(0, limit.aborted ? 'timeout' : 'unreachable', undefined, '');
  }
  if (answer.status === 401) dispatchEvent(new Event(SIGNED_OUT));
  if (!answer.ok) throw await failureOf(answer);
  return answer;
}

export async function get<T>(path: string, query: Query = {}, gone?: AbortSignal): Promise<T> {
  const answer = await ask(address(path, query), { headers: { accept: 'application/json' } }, gone);
  return (await answer.json()) as T;
}

// `key` names the one thing that shall happen: repeating the call with it changes nothing more.
export async function post<T>(path: string, body?: object, key: string = crypto.randomUUID()): Promise<T> {
  const headers: Record<string, string> = { accept: 'application/json', 'evcosta-csrf': '1', 'idempotency-key': key };
  if (body) headers['content-type'] = 'application/json';
  const answer = await ask(path, { method: 'POST', headers, body: body ? JSON.stringify(body) : undefined });
  const text = await answer.text();
  return (text ? JSON.parse(text) : undefined) as T;
}

// Both say what shall be, so that repeating them changes nothing.
export async function put<T>(path: string, body: object): Promise<T> {
  const headers = { accept: 'application/json', 'content-type': 'application/json', 'evcosta-csrf': '1' };
  return (await (await ask(path, { method: 'PUT', headers, body: JSON.stringify(body) })).json()) as T;
}

export async function remove(path: string): Promise<void> {
  await ask(path, { method: 'DELETE', headers: { accept: 'application/json', 'evcosta-csrf': '1' } });
}

// Every page of a list, at most `limit` rows in all.
export async function getAll<T, K extends string>(
  path: string,
  name: K,
  query: Query = {},
  limit = 4_000,
  gone?: AbortSignal,
): Promise<T[]> {
  const rows: T[] = [];
  let cursor: string | undefined;
  do {
    const page = await get<Record<K, T[]> & { nextCursor?: string }>(path, { ...query, limit: 200, cursor }, gone);
    rows.push(...page[name]);
    cursor = page.nextCursor;
  } while (cursor && rows.length < limit);
  return rows;
}
