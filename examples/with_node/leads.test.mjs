// Run with AEP_EMULATOR_URL=http://127.0.0.1:8080 node --test
// Each test has an isolated emulator, which is created at the first request to /t/NAME.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, test } from 'node:test';
import { LeadsClient, PlatformError } from './leads.mjs';

const SERVER = process.env.AEP_EMULATOR_URL ?? 'http://127.0.0.1:8080';
let name;
let client;

beforeEach(() => {
  name = `node-${randomUUID()}`;
  const url = `${SERVER}/t/${name}`;
  client = new LeadsClient({ platform: url, ims: url });
});

afterEach(() => fetch(`${SERVER}/_emulator/worlds/${name}`, { method: 'DELETE' }));

test('a data set is created on a schema', async () => {
  const schema = await client.createSchema('Leads');
  const id = await client.createDataset('Leads', schema);
  const found = await client.datasets();
  assert.deepEqual(Object.keys(found), [id]);
  assert.equal(found[id].schemaRef.id, schema);
});

test('a data set of an unknown schema is refused, and nothing is created', async () => {
  const schema = 'https://ns.adobe.com/unknown/schemas/none';
  await assert.rejects(client.createDataset('Leads', schema), (error) => {
    assert(error instanceof PlatformError);
    assert.equal(error.status, 400);
    assert.match(error.rule, /^catalog\.create_dataset\./);
    return true;
  });
  assert.deepEqual(await client.datasets(), {});
});
