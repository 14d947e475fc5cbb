import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import OpenAI from 'openai';
import { serve, until } from './server.js';

const model = 'minka-tiny';
const messages = [{ role: 'user', content: 'Tell me a story.' }];

let server;
before(async () => { server = await serve('--max-num-seqs', '1', '--max-queue', '1', '--api-key', 'secret'); });
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

test('openai: a full queue is told at once, and a client that retries gets its answer', async () => {
  const patient = clientOf({ maxRetries: 10 });
  const long = (signal) => patient.chat.completions.create(
    { model, messages, stream: true, max_tokens: 1800, ignore_eos: true }, { signal });
  const runs = await long();
  for await (const chunk of runs) if (chunk.choices[0].delta.content) break;
  // The loop above left its stream: begin two that stay.
  const [one, two] = [new AbortController(), new AbortController()];
  const begun = long(one.signal);
  const stream = await begun;
  const waits = long(two.signal).catch(() => {});
  await new Promise((resolve) => setTimeout(resolve, 200));

  const impatient = clientOf({ maxRetries: 0 });
  await assert.rejects(
    impatient.chat.completions.create({ model, messages, max_tokens: 5 }), (error) => {
      assert.ok(error instanceof OpenAI.RateLimitError, String(error));
      assert.ok(Number(error.headers.get('retry-after')) >= 1);
      assert.ok(Number(error.headers.get('retry-after-ms')) > 0);
      return true;
    });

  const answer = patient.chat.completions.create({ model, messages, max_tokens: 5 });
  setTimeout(() => { stream.controller.abort(); one.abort(); two.abort(); }, 300);
  assert.ok((await answer).choices[0].message.content.length > 0);
  await waits;
});

test('openai: a request that is given up before its first token leaves the queue', async () => {
  const client = clientOf({ maxRetries: 0 });
  const holder = await client.chat.completions.create(
    { model, messages, stream: true, max_tokens: 1800, ignore_eos: true });
  const queued = new AbortController();
  const waiting = client.chat.completions.create({ model, messages }, { signal: queued.signal });
  setTimeout(() => queued.abort(), 100);
  await assert.rejects(waiting, OpenAI.APIUserAbortError);
  holder.controller.abort();
  const headers = { authorization: 'Bearer secret' };
  await until(
    async () => /vllm:num_requests_(running|waiting)\{[^}]*\} [1-9]/
      .exec(await (await fetch(`${server.url}/metrics`, { headers })).text()) === null,
    'nothing runs and nothing waits');
});
