import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import OpenAI from 'openai';
import { running, serve, until } from './server.js';

const model = 'minka-tiny';
const messages = [{ role: 'user', content: 'Tell me a story.' }];
// Nobody waits for its end: it takes minutes, however fast the machine is.
const endless = { model, messages, stream: true, max_tokens: 40_000, ignore_eos: true };

let server;
before(async () => {
  server = await serve('--max-num-seqs', '1', '--max-queue', '1', '--api-key', 'secret', '--ctx', '41000');
});
after(() => server.stop());

const clientOf = (options) => new OpenAI({ baseURL: `${server.url}/v1`, apiKey: 'secret', ...options });

test('openai: a wrong key is refused', async () => {
  const client = clientOf({ apiKey: 'wrong' });
  await assert.rejects(client.models.list(), (error) => {
    assert.ok(error instanceof OpenAI.AuthenticationError);
    assert.equal(error.code, 'invalid_api_key');
    return true;
  });
});

const requests = (state) => running(server.url, state, 'secret');

test('openai: a full queue is told at once, and a client that retries gets its answer', async () => {
  let refused;
  const wasRefused = new Promise((resolve) => { refused = resolve; });
  const patient = clientOf({
    maxRetries: 10,
    fetch: async (...args) => {
      const response = await fetch(...args);
      if (response.status === 429) refused();
      return response;
    },
  });
  const [one, two] = [new AbortController(), new AbortController()];
  const stream = await patient.chat.completions.create(endless, { signal: one.signal });
  const waits = assert.rejects(patient.chat.completions.create(endless, { signal: two.signal }));
  await until(async () => await requests('running') === 1 && await requests('waiting') === 1, 'one runs and one waits');

  const impatient = clientOf({ maxRetries: 0 });
  await assert.rejects(
    impatient.chat.completions.create({ model, messages, max_tokens: 5 }), (error) => {
      assert.ok(error instanceof OpenAI.RateLimitError, String(error));
      assert.ok(Number(error.headers.get('retry-after')) >= 1);
      assert.ok(Number(error.headers.get('retry-after-ms')) > 0);
      return true;
    });

  const answer = patient.chat.completions.create({ model, messages, max_tokens: 5 });
  await wasRefused;
  two.abort();
  stream.controller.abort();
  assert.ok((await answer).choices[0].message.content.length > 0);
  await waits;
});

test('openai: a request that is given up before its first token leaves the queue', async () => {
  const client = clientOf({ maxRetries: 0 });
  const holder = await client.chat.completions.create(endless);
  const queued = new AbortController();
  const waiting = assert.rejects(
    client.chat.completions.create({ model, messages }, { signal: queued.signal }), OpenAI.APIUserAbortError);
  await until(async () => await requests('waiting') === 1, 'the second waits');
  queued.abort();
  await waiting;
  await until(async () => await requests('waiting') === 0, 'nothing waits');
  assert.equal(await requests('running'), 1);
  holder.controller.abort();
  await until(async () => await requests('running') === 0, 'nothing runs');
});
