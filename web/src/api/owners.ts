// Lists that each of the owning services keeps for itself, asked at once. One that does not answer costs its own rows
// only, and is named.
import { Failure, get, type Query } from './client';
import { OWNERS, type Owner } from './model';

export interface OfAll<T> {
  rows: (T & { owner: Owner })[];
  failures: { owner: Owner; failure: Failure }[];
}

export async function fromAll<K extends string, T>(list: string, name: K, query: Query, gone: AbortSignal): Promise<OfAll<T>> {
  const all: OfAll<T> = { rows: [], failures: [] };
  await Promise.all(
    OWNERS.map(async (owner) => {
      try {
        const page = await get<Record<K, T[]>>(`/operations/${owner}/${list}`, query, gone);
        all.rows.push(...page[name].map((row) => ({ ...row, owner })));
      } catch (error) {
        if (gone.aborted || !(error instanceof Failure)) throw error;
        all.failures.push({ owner, failure: error });
      }
    }),
  );
  if (all.failures.length === OWNERS.length && all.failures[0]) throw all.failures[0].failure;
  return all;
}
