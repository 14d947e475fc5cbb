// A worker in Node that answers as SampleControl does. usage: server.js PROTO; prints its port, ends with its input.
'use strict';
const { grpc, load } = require('./control.js');

const implementation = {
  Hello: (call, done) => done(null, {
    protocol_major: call.request.protocol_major,
    build: call.request.build + ' grüßt',
    state: 'WORKER_STATE_IDLE',
    machine: { cores: 4, memory_bytes: '1099511627776' },
    needs: [{ hash: Buffer.from([1, 2, 255]), name: 'a', bytes: '9223372036854775807' }],
  }),
  Probe: (call, done) => setTimeout(
    () => done(null, { read_bytes_per_second: 0.5 }), call.request.seconds_max * 1000),
  LoadSlices: (call, done) => {
    let bytes = 0, rank = 0;
    call.on('data', request => {
      if (request.part === 'chunk') bytes += request.chunk.data.length;
      else rank = request.header.rank;
    });
    call.on('end', () => done(null, { bytes_taken: String(bytes), slices_complete: rank }));
  },
  Start: (call, done) => done({
    code: grpc.status.FAILED_PRECONDITION, details: 'Rank 3 läuft schon: 100 %.\nStop it first.',
  }),
  Stop: (call, done) => done({ code: grpc.status.INTERNAL, details: 'The worker failed.' }),
  Drain: (call, done) => done(null, { steps: String(call.request.seconds_max) }),
  Status: (call, done) => done(null, {}),
  Watch: call => {
    for (let i = 0; i < 3; i++) call.write({ progress: { bytes_loaded: String(i), bytes_total: '3' } });
    call.write({ peer_lost: { rank: 2, epoch: 7, reason: 'it was silent' } });
    call.end();
  },
};

const server = new grpc.Server({ 'grpc.max_receive_message_length': 4 << 20 });
server.addService(load(process.argv[2]).service, implementation);
server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, port) => {
  if (error) throw error;
  console.log(port);
});
process.stdin.on('end', () => process.exit(0)).resume();
