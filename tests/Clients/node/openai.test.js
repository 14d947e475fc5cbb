import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import OpenAI from 'openai';
import { city, running, serve, until } from './server.js';

const model = 'minka-tiny';
const sum = [{ role: 'user', content: 'What is 12 + 30?' }];
const story = [{ role: 'user', content: 'Tell me a story.' }];
const weather = {
  type: 'function', function: { name: 'get_weather', description: 'Get the weather of a city', parameters: city },
};
const ask = (place) => [{ role: 'user', content: `What is the weather in ${place}?` }];

let server;
let client;
before(async () => {
  server = await serve();
  client = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: 'none', maxRetries: 0 });
});
after(() => server.stop());

test('openai: a chat is answered', async () => {
  const answer = await client.chat.completions.create({ model, messages: sum, temperature: 0 });
  assert.equal(answer.choices[0].message.content, '12 + 30 = 42.');
  assert.equal(answer.choices[0].finish_reason, 'stop');
  assert.equal(answer.usage.total_tokens, answer.usage.prompt_tokens + answer.usage.completion_tokens);
});

test('openai: a stream says the same, and what it took', async () => {
  const stream = await client.chat.completions.create({
    model, messages: sum, temperature: 0, stream: true, stream_options: { include_usage: true },
  });
  let text = '';
  let usage;
  for await (const chunk of stream) {
    text += chunk.choices[0]?.delta.content ?? '';
    usage = chunk.usage ?? usage;
  }
  assert.equal(text, '12 + 30 = 42.');
  assert.ok(usage.completion_tokens > 3);
});

test('openai: the stream helper puts three choices together', async () => {
  const stream = client.chat.completions.stream({ model, messages: story, n: 3, seed: 5, max_tokens: 24 });
  const answer = await stream.finalChatCompletion();
  assert.deepEqual(answer.choices.map((choice) => choice.index), [0, 1, 2]);
  const whole = await client.chat.completions.create({ model, messages: story, n: 3, seed: 5, max_tokens: 24 });
  assert.deepEqual(
    answer.choices.map((choice) => choice.message.content), whole.choices.map((choice) => choice.message.content));
});

test('openai: a stop string ends the text before it', async () => {
  const answer = await client.chat.completions.create({ model, messages: sum, temperature: 0, stop: ['= 4'] });
  assert.equal(answer.choices[0].message.content, '12 + 30 ');
});

test('openai: the bytes of log-probabilities join to the text', async () => {
  const answer = await client.chat.completions.create({
    model, messages: sum, temperature: 0, logprobs: true, top_logprobs: 3,
  });
  const tokens = answer.choices[0].logprobs.content;
  assert.equal(Buffer.from(tokens.flatMap((token) => token.bytes)).toString(), '12 + 30 = 42.');
  assert.ok(tokens.every((token) => token.logprob <= 0 && token.top_logprobs.length === 3));
});

test('openai: a tool is called as the model likes', async () => {
  const answer = await client.chat.completions.create({
    model, messages: ask('Paris'), tools: [weather], temperature: 0,
  });
  const { finish_reason: reason, message } = answer.choices[0];
  assert.equal(reason, 'tool_calls');
  assert.equal(message.content, null);
  assert.deepEqual(JSON.parse(message.tool_calls[0].function.arguments), { city: 'Paris' });
});

test('openai: arguments of a call are streamed', async () => {
  const deltas = [];
  const stream = client.chat.completions.stream({ model, messages: ask('Paris'), tools: [weather], temperature: 0 });
  stream.on('chunk', (chunk) => deltas.push(...(chunk.choices[0]?.delta.tool_calls ?? [])));
  const [call] = (await stream.finalChatCompletion()).choices[0].message.tool_calls;
  assert.equal(call.type, 'function');
  assert.deepEqual(JSON.parse(call.function.arguments), { city: 'Paris' });
  assert.ok(deltas.length > 3, `${deltas.length} deltas`);
  assert.equal(deltas.filter((delta) => delta.id).length, 1);
});

test('openai: a call can be required, named and forbidden', async () => {
  const add = {
    type: 'function',
    function: {
      name: 'add',
      parameters: {
        type: 'object', required: ['a', 'b'],
        properties: { a: { type: 'integer', minimum: 0, maximum: 99 }, b: { type: 'integer', minimum: 0, maximum: 99 } },
      },
    },
  };
  const tools = [weather, add];
  const messages = [{ role: 'user', content: 'Hello!' }];
  const create = (tool_choice) => client.chat.completions.create({
    model, messages, tools, tool_choice, seed: 3, max_tokens: 200, parallel_tool_calls: false,
  });
  const required = (await create('required')).choices[0].message.tool_calls;
  assert.equal(required.length, 1);
  JSON.parse(required[0].function.arguments);
  const named = (await create({ type: 'function', function: { name: 'add' } })).choices[0].message.tool_calls[0];
  assert.equal(named.function.name, 'add');
  assert.ok(Number.isInteger(JSON.parse(named.function.arguments).a));
  assert.equal((await create('none')).choices[0].message.tool_calls, undefined);
});

test('openai: the runner calls a function and the model answers from its result', async () => {
  const asked = [];
  const runner = client.chat.completions.runTools({
    model, temperature: 0, messages: ask('Rome'),
    tools: [{
      type: 'function',
      function: {
        name: 'get_weather', description: 'Get the weather of a city', parameters: city, parse: JSON.parse,
        function: (given) => {
          asked.push(given.city);
          return '{"temperature": 21, "sky": "sunny"}';
        },
      },
    }],
  });
  assert.match(await runner.finalContent(), /21/);
  assert.deepEqual(asked, ['Rome']);
});

test('openai: a schema holds for every seed', async () => {
  const schema = {
    type: 'object', additionalProperties: false, required: ['name', 'age', 'tags'],
    properties: {
      name: { type: 'string', maxLength: 12 }, age: { type: 'integer', minimum: 0, maximum: 120 },
      tags: { type: 'array', items: { enum: ['a', 'b'] }, maxItems: 3 },
    },
  };
  for (let seed = 0; seed < 20; seed++) {
    const answer = await client.chat.completions.create({
      model, messages: story, seed, temperature: 1.5,
      response_format: { type: 'json_schema', json_schema: { name: 'person', strict: true, schema } },
    });
    const person = JSON.parse(answer.choices[0].message.content);
    assert.deepEqual(Object.keys(person).sort(), ['age', 'name', 'tags']);
    assert.ok(Number.isInteger(person.age) && person.age <= 120);
  }
});

test('openai: the same seed says the same while others run', async () => {
  const create = (seed) => client.chat.completions.create({ model, messages: story, seed, max_tokens: 30 });
  const alone = (await create(7)).choices[0].message.content;
  const together = await Promise.all([create(7), create(8), create(9), create(7)]);
  assert.equal(together[0].choices[0].message.content, alone);
  assert.equal(together[3].choices[0].message.content, alone);
});

test('openai: a completion echoes its prompt with log-probabilities', async () => {
  const answer = await client.completions.create({
    model, prompt: 'Once upon a time', max_tokens: 4, echo: true, logprobs: 2, temperature: 0,
  });
  const [choice] = answer.choices;
  assert.ok(choice.text.startsWith('Once upon a time'));
  assert.equal(choice.logprobs.tokens.join(''), choice.text);
  assert.equal(choice.logprobs.token_logprobs[0], null);
});

test('openai: embeddings in base64, as the client asks by itself, are those in numbers', async () => {
  const input = ['Paris', 'Rome'];
  const coded = await client.embeddings.create({ model, input });
  const plain = await client.embeddings.create({ model, input, encoding_format: 'float' });
  assert.equal(coded.data.length, 2);
  assert.deepEqual(
    coded.data[1].embedding.map(Math.fround), plain.data[1].embedding.map(Math.fround));
  assert.ok(coded.usage.prompt_tokens > 0);
});

test('openai: models are listed and shown', async () => {
  const models = [];
  for await (const one of client.models.list()) models.push(one.id);
  assert.deepEqual(models, [model]);
  assert.equal((await client.models.retrieve(model)).id, model);
});

test('openai: errors are of the class that they should be', async () => {
  await assert.rejects(client.chat.completions.create({ model: 'other', messages: sum }), (error) => {
    assert.ok(error instanceof OpenAI.NotFoundError);
    assert.equal(error.code, 'model_not_found');
    assert.ok(error.requestID);
    return true;
  });
  await assert.rejects(client.chat.completions.create({ model, messages: sum, temperature: 9 }), (error) => {
    assert.ok(error instanceof OpenAI.BadRequestError);
    assert.equal(error.param, 'temperature');
    return true;
  });
  await assert.rejects(
    client.chat.completions.create({ model, messages: [{ role: 'user', content: 'word '.repeat(5000) }] }),
    (error) => error instanceof OpenAI.BadRequestError && error.code === 'context_length_exceeded');
  await assert.rejects(
    client.chat.completions.create({
      model, messages: sum,
      response_format: { type: 'json_schema', json_schema: { name: 'x', schema: { type: 'object', minProperties: 3 } } },
    }),
    (error) => error instanceof OpenAI.BadRequestError && error.code === 'unsupported_schema');
});

test('openai: leaving a stream frees the engine', async () => {
  const stream = await client.chat.completions.create({
    model, messages: story, stream: true, max_tokens: 1500, ignore_eos: true,
  });
  for await (const chunk of stream) if (chunk.choices[0].delta.content) break;
  stream.controller.abort();
  await until(async () => await running(server.url) === 0, 'the request has ended');
});

test('openai: a response is made, shown, gone on from and deleted', async () => {
  const first = await client.responses.create({ model, input: 'What is the weather in Rome?', tools: [{
    type: 'function', name: 'get_weather', description: 'Get the weather of a city', parameters: city, strict: true,
  }], temperature: 0 });
  const [call] = first.output;
  assert.equal(call.type, 'function_call');
  assert.deepEqual(JSON.parse(call.arguments), { city: 'Rome' });
  assert.deepEqual((await client.responses.retrieve(first.id)).output, first.output);
  const second = await client.responses.create({
    model, temperature: 0, previous_response_id: first.id,
    input: [{ type: 'function_call_output', call_id: call.call_id, output: '{"temperature": 21, "sky": "sunny"}' }],
  });
  assert.match(second.output_text, /21/);
  const asked = [];
  for await (const item of client.responses.inputItems.list(second.id, { order: 'asc', limit: 2 })) asked.push(item);
  assert.deepEqual(asked.map((item) => item.type), ['message', 'function_call', 'function_call_output']);
  assert.equal(asked[0].content[0].text, 'What is the weather in Rome?');
  await assert.rejects(client.responses.cancel(first.id), OpenAI.BadRequestError);
  await client.responses.delete(first.id);
  await assert.rejects(client.responses.retrieve(first.id), OpenAI.NotFoundError);
});

test('openai: the helper for streams of responses puts the events together', async () => {
  const stream = client.responses.stream({ model, input: 'What is 12 + 30?', temperature: 0 });
  const types = [];
  for await (const event of stream) types.push(event.type);
  const response = await stream.finalResponse();
  assert.equal(response.output_text, '12 + 30 = 42.');
  assert.equal(response.status, 'completed');
  assert.deepEqual(types.slice(0, 2), ['response.created', 'response.in_progress']);
  const again = [];
  for await (const event of await client.responses.retrieve(response.id, { stream: true })) again.push(event);
  assert.deepEqual(again.map((event) => event.type), types.filter((type, i) => type !== types[i - 1]));
  assert.equal(again.at(-1).response.output[0].content[0].text, '12 + 30 = 42.');
});
