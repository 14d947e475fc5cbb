// Calls every method of a worker and checks what comes back against SampleControl. usage: client.js PROTO HOST:PORT
'use strict';
const assert = require('node:assert/strict');
const { grpc, load } = require('./control.js');

const client = new (load(process.argv[2]))(process.argv[3], grpc.credentials.createInsecure());
const call = (method, request, options = {}) => new Promise((resolve, reject) =>
  client[method](request, options, (error, reply) => (error ? reject(error) : resolve(reply))));

const refused = async (method, request, code, text, options) => {
  const error = await call(method, request, options).then(() => assert.fail(`${method} succeeded`), e => e);
  assert.equal(error.code, code, `${method}: ${error}`);
  if (text !== undefined) assert.equal(error.details, text);
};

const loadSlices = (chunks, bytes) => new Promise((resolve, reject) => {
  const stream = client.LoadSlices((error, reply) => (error ? reject(error) : resolve(reply)));
  stream.write({ header: { rank: 7 } });
  for (let i = 0; i < chunks; i++) stream.write({ chunk: { offset: String(i), data: Buffer.alloc(bytes) } });
  stream.end();
});

const watch = (interval, onEvent) => new Promise((resolve, reject) => {
  const events = [];
  const stream = client.Watch({ interval_milliseconds: interval });
  stream.on('data', event => { events.push(event); onEvent(stream, events); });
  stream.on('error', error => (error.code === grpc.status.CANCELLED ? resolve(events) : reject(error)));
  stream.on('end', () => resolve(events));
});

(async () => {
  const hello = await call('Hello', { protocol_major: 1, build: 'test' });
  assert.equal(hello.build, 'test grüßt');
  assert.equal(hello.state, 'WORKER_STATE_IDLE');
  assert.equal(hello.machine.memory_bytes, '1099511627776');
  assert.deepEqual([...hello.needs[0].hash], [1, 2, 255]);
  assert.equal(hello.needs[0].bytes, '9223372036854775807');
  assert.equal((await call('Drain', { seconds_max: 9 })).steps, '9');
  await call('Status', {});

  const taken = await loadSlices(5, 1 << 20);
  assert.deepEqual([taken.bytes_taken, taken.slices_complete], [String(5 << 20), 7]);
  const events = await watch(0, () => {});
  assert.deepEqual(events.map(event => event.event), ['progress', 'progress', 'progress', 'peer_lost']);
  assert.equal(events[3].peer_lost.reason, 'it was silent');
  const cancelled = await watch(1, (stream, seen) => { if (seen.length === 3) stream.cancel(); });
  assert.equal(cancelled.length, 3);

  await refused('Start', {}, grpc.status.FAILED_PRECONDITION, 'Rank 3 läuft schon: 100 %.\nStop it first.');
  await refused('Stop', {}, grpc.status.INTERNAL);
  await refused('Probe', { seconds_max: 60 }, grpc.status.DEADLINE_EXCEEDED, undefined, { deadline: Date.now() + 300 });
  await refused('Hello', { build: 'x'.repeat(5 << 20) }, grpc.status.RESOURCE_EXHAUSTED);
  const none = client.makeUnaryRequest.bind(client, '/minka.control.v1.Control/Nothing', () => Buffer.alloc(0), b => b);
  const error = await new Promise(resolve => none({}, e => resolve(e)));
  assert.equal(error.code, grpc.status.UNIMPLEMENTED);

  await Promise.all(Array.from({ length: 100 }, (_, i) =>
    call('Drain', { seconds_max: i }).then(reply => assert.equal(reply.steps, String(i)))));
  client.close();
  console.log('all well');
})().catch(error => { console.error(error); process.exit(1); });
