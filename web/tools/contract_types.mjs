// Writes src/contracts/<service>.ts from contracts/http/<service>.yaml: what the console knows of an answer is what the
// contract says of it.
import { mkdir, stat, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import openapiTS, { astToString } from 'openapi-typescript';

const contracts = new URL('../../contracts/http/', import.meta.url);
const target = new URL('../src/contracts/', import.meta.url);
const used = ['operations', 'charging', 'payment', 'integrations', 'faults'];

async function changedAt(url) {
  return stat(url).then((found) => found.mtimeMs, () => 0);
}

await mkdir(target, { recursive: true });
const shared = await changedAt(new URL('shared.yaml', contracts));
for (const name of used) {
  const source = new URL(`${name}.yaml`, contracts);
  const written = new URL(`${name}.ts`, target);
  if ((await changedAt(written)) > Math.max(shared, await changedAt(source))) continue;
  const types = await openapiTS(source, { silent: true });
  await writeFile(fileURLToPath(written), `// Generated from contracts/http/${name}.yaml.\n${astToString(types)}`);
}
