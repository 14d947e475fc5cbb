import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import Anthropic from '@anthropic-ai/sdk';
import { city, serve, until } from './server.js';

const model = 'minka-tiny';
const sum = [{ role: 'user', content: 'What is 12 + 30?' }];
const common = { model, max_tokens: 100, temperature: 0 };
const weather = { name: 'get_weather', description: 'Get the weather of a city', input_schema: city };

let server;
let client;
before(async () => {
  server = await serve('--api-key', 'secret');
  client = new Anthropic({ baseURL: server.url, apiKey: 'secret', maxRetries: 0 });
});
after(() => server.stop());

test('anthropic: a message is answered', async () => {
  const answer = await client.messages.create({ ...common, messages: sum });
  assert.deepEqual(answer.content, [{ type: 'text', text: '12 + 30 = 42.' }]);
  assert.equal(answer.stop_reason, 'end_turn');
  assert.ok(answer.usage.output_tokens > 3);
  assert.ok(answer._request_id);
});

test('anthropic: a system prompt is followed', async () => {
  const answer = await client.messages.create({
    ...common, system: [{ type: 'text', text: 'Answer in uppercase.' }], messages: [{ role: 'user', content: 'Hello!' }],
  });
  assert.equal(answer.content[0].text, answer.content[0].text.toUpperCase());
});

test('anthropic: a stream says the same in blocks', async () => {
  const types = [];
  const stream = client.messages.stream({ ...common, messages: sum });
  stream.on('streamEvent', (event) => types.push(event.type));
  const answer = await stream.finalMessage();
  assert.equal(answer.content[0].text, '12 + 30 = 42.');
  assert.equal(answer.stop_reason, 'end_turn');
  assert.deepEqual(types.slice(0, 3), ['message_start', 'content_block_start', 'content_block_delta']);
  assert.deepEqual(types.slice(-3), ['content_block_stop', 'message_delta', 'message_stop']);
});

test('anthropic: a tool is called, streamed, and its result answered from', async () => {
  const messages = [{ role: 'user', content: 'What is the weather in Rome?' }];
  const stream = client.messages.stream({ ...common, messages, tools: [weather] });
  let pieces = 0;
  stream.on('inputJson', () => { pieces++; });
  const called = await stream.finalMessage();
  const [block] = called.content;
  assert.equal(called.stop_reason, 'tool_use');
  assert.deepEqual(block.input, { city: 'Rome' });
  assert.ok(pieces > 1);
  messages.push({ role: 'assistant', content: called.content });
  messages.push({
    role: 'user',
    content: [{ type: 'tool_result', tool_use_id: block.id, content: '{"temperature": 21, "sky": "sunny"}' }],
  });
  const answer = await client.messages.create({ ...common, messages, tools: [weather] });
  assert.match(answer.content[0].text, /21/);
});

test('anthropic: a call can be forced', async () => {
  const answer = await client.messages.create({
    ...common, messages: [{ role: 'user', content: 'Hello!' }], tools: [weather],
    tool_choice: { type: 'tool', name: 'get_weather' },
  });
  assert.equal(answer.content[0].name, 'get_weather');
  assert.equal(typeof answer.content[0].input.city, 'string');
});

test('anthropic: a stop sequence is named', async () => {
  const answer = await client.messages.create({ ...common, messages: sum, stop_sequences: [' ='] });
  assert.equal(answer.stop_reason, 'stop_sequence');
  assert.equal(answer.stop_sequence, ' =');
});

test('anthropic: tokens are counted', async () => {
  const { input_tokens: counted } = await client.messages.countTokens({ model, messages: sum });
  const { usage } = await client.messages.create({ ...common, messages: sum });
  assert.equal(counted, usage.input_tokens + usage.cache_read_input_tokens);
});

test('anthropic: errors are of the class that they should be', async () => {
  await assert.rejects(
    client.messages.create({ ...common, model: 'other', messages: sum }),
    (error) => error instanceof Anthropic.NotFoundError && error.error.error.type === 'not_found_error');
  await assert.rejects(
    client.messages.create({ ...common, messages: [] }),
    (error) => error instanceof Anthropic.BadRequestError && error.error.type === 'error');
  await assert.rejects(
    new Anthropic({ baseURL: server.url, apiKey: 'wrong', maxRetries: 0 }).messages.create({ ...common, messages: sum }),
    Anthropic.AuthenticationError);
});

test('anthropic: a stream can be left', async () => {
  const stream = client.messages.stream({
    ...common, max_tokens: 1500, ignore_eos: true, messages: [{ role: 'user', content: 'Tell me a story.' }],
  });
  stream.on('text', () => stream.abort());
  await assert.rejects(stream.finalMessage(), Anthropic.APIUserAbortError);
  const headers = { 'x-api-key': 'secret' };
  await until(async () => {
    const metrics = await (await fetch(`${server.url}/metrics`, { headers })).text();
    return /^vllm:num_requests_running\{[^}]*\} 0/m.test(metrics);
  }, 'the request has ended');
});
