import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import OpenAI from 'openai';
import { running, serve, until } from './server.js';

const model = 'minka-tiny';
const messages = [{ role: 'user', content: 'Tell me a story.' }];
let server;
before(async () => {
  server = await serve('--max-num-seqs', '1', '--max-queue', '1', '--api-key', 'secret');
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

// So many at a time ask for long texts again and again, however fast the server is, until the function that is
// returned is called: one of them runs, a second one waits, more are refused.
function crowd(count) {
  const enough = new AbortController();
  const client = clientOf({ maxRetries: 0 });
  const all = Array.from({ length: count }, async () => {
    while (!enough.signal.aborted) {
      try {
        const stream = await client.chat.completions.create(
          { model, messages, stream: true, max_tokens: 1800, ignore_eos: true }, { signal: enough.signal });
        for await (const chunk of stream) if (enough.signal.aborted) stream.controller.abort(chunk);
      } catch (error) {
        if (!enough.signal.aborted && !(error instanceof OpenAI.RateLimitError)) throw error;
      }
    }
  });
  return async () => { enough.abort(); await Promise.all(all); };
}

test('openai: a full queue is told at once, and a client that retries gets its answer', async () => {
  const leave = crowd(2);
  const impatient = clientOf({ maxRetries: 0 });
  await until(async () => {
    try {
      await impatient.chat.completions.create({ model, messages, max_tokens: 5 });
      return false;
    } catch (error) {
      assert.ok(error instanceof OpenAI.RateLimitError, String(error));
      assert.ok(Number(error.headers.get('retry-after')) >= 1);
      assert.ok(Number(error.headers.get('retry-after-ms')) > 0);
      return true;
    }
  }, 'a request is refused');

  let left;
  const patient = clientOf({
    maxRetries: 10,
    fetch: async (...args) => {
      const response = await fetch(...args);
      if (response.status === 429) left ??= leave();
      return response;
    },
  });
  while (!left) {
    const answer = await patient.chat.completions.create({ model, messages, max_tokens: 5 });
    assert.ok(answer.choices[0].message.content.length > 0);
  }
  await left;
});

test('openai: a request that is given up before its first token leaves the queue', async () => {
  const leave = crowd(1);
  const client = clientOf({ maxRetries: 0 });
  await until(async () => {
    const queued = new AbortController();
    const waiting = client.chat.completions.create({ model, messages, max_tokens: 5 }, { signal: queued.signal })
      .catch((error) => error);
    await Promise.race([waiting, until(async () => await requests('waiting') === 1, 'it waits')]);
    queued.abort();
    return await waiting instanceof OpenAI.APIUserAbortError;
  }, 'one that waits is given up');
  await leave();
  await until(async () => await requests('running') + await requests('waiting') === 0, 'nothing runs and nothing waits');
});
