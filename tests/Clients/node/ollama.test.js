import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { Ollama } from 'ollama';
import { city, running, serve, until } from './server.js';

const model = 'minka-tiny';
const sum = [{ role: 'user', content: 'What is 12 + 30?' }];
const options = { temperature: 0 };
const weather = {
  type: 'function', function: { name: 'get_weather', description: 'Get the weather of a city', parameters: city },
};

let server;
let client;
before(async () => {
  server = await serve();
  client = new Ollama({ host: server.url });
});
after(() => server.stop());

test('ollama: models are listed, shown and running', async () => {
  const { models } = await client.list();
  assert.deepEqual(models.map((one) => one.name), [model]);
  const shown = await client.show({ model });
  assert.ok(shown.capabilities.includes('tools'));
  assert.equal(shown.details.family, 'llama');
  assert.deepEqual((await client.ps()).models.map((one) => one.model), [model]);
  assert.match((await client.version()).version, /^\d+\.\d+\.\d+$/);
});

test('ollama: a chat is answered, whole and in parts', async () => {
  const whole = await client.chat({ model, messages: sum, options });
  assert.equal(whole.message.content, '12 + 30 = 42.');
  assert.equal(whole.done_reason, 'stop');
  assert.ok(whole.eval_count > 3 && whole.total_duration > 0);
  let text = '';
  let last;
  for await (const part of await client.chat({ model, messages: sum, options, stream: true })) {
    text += part.message.content;
    last = part;
  }
  assert.equal(text, '12 + 30 = 42.');
  assert.equal(last.done, true);
});

test('ollama: a prompt is answered, in its template and raw', async () => {
  const answer = await client.generate({ model, prompt: 'What is 12 + 30?', options });
  assert.equal(answer.response, '12 + 30 = 42.');
  const raw = await client.generate({
    model, prompt: 'Once upon a time', raw: true, options: { ...options, num_predict: 6 },
  });
  assert.equal(raw.eval_count, 6);
  assert.equal(raw.done_reason, 'length');
});

test('ollama: a tool is called, and its result answered from', async () => {
  const messages = [{ role: 'user', content: 'What is the weather in Rome?' }];
  const calls = [];
  for await (const part of await client.chat({ model, messages, tools: [weather], options, stream: true }))
    calls.push(...(part.message.tool_calls ?? []));
  assert.deepEqual(calls, [{ function: { name: 'get_weather', arguments: { city: 'Rome' } } }]);
  messages.push({ role: 'assistant', content: '', tool_calls: calls });
  messages.push({ role: 'tool', tool_name: 'get_weather', content: '{"temperature": 21, "sky": "sunny"}' });
  const answer = await client.chat({ model, messages, tools: [weather], options });
  assert.match(answer.message.content, /21/);
});

test('ollama: a schema and JSON hold the answer to their form', async () => {
  for (const format of ['json', { type: 'object', properties: { sum: { type: 'integer' } }, required: ['sum'] }]) {
    const answer = await client.chat({ model, messages: sum, format, options: { seed: 1, num_predict: 300 } });
    if (answer.done_reason === 'stop') assert.equal(typeof JSON.parse(answer.message.content), 'object');
    if (format !== 'json') assert.ok(Number.isInteger(JSON.parse(answer.message.content).sum));
  }
});

test('ollama: texts become vectors', async () => {
  const { embeddings } = await client.embed({ model, input: ['Paris', 'Rome'] });
  assert.equal(embeddings.length, 2);
  assert.ok(Math.abs(Math.hypot(...embeddings[0]) - 1) < 1e-3);
});

test('ollama: a text becomes a vector for older clients', async () => {
  const { embedding } = await client.embeddings({ model, prompt: 'Paris' });
  const { embeddings } = await client.embed({ model, input: 'Paris' });
  const length = Math.hypot(...embedding);
  assert.equal(embedding.length, embeddings[0].length);
  assert.ok(embedding.every((value, i) => Math.abs(value / length - embeddings[0][i]) < 1e-3));
});

test('ollama: errors carry their status and a sentence', async () => {
  await assert.rejects(client.chat({ model: 'other', messages: sum }), (error) => {
    assert.equal(error.status_code, 404);
    assert.match(error.message, /no model 'other'/);
    return true;
  });
  await assert.rejects(
    client.generate({ model, prompt: 'a', options: { temperature: -1 } }), (error) => error.status_code === 400);
});

test('ollama: a stream can be left', async () => {
  const stream = await client.generate({
    model, prompt: 'Tell me a story.', stream: true, options: { num_predict: 1500, ignore_eos: true },
  });
  await assert.rejects(async () => {
    for await (const part of stream) if (part.response) client.abort();
  }, { name: 'AbortError' });
  await until(async () => await running(server.url) === 0, 'the request has ended');
});
