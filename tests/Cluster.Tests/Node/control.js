// The service of control.proto as grpc-js sees it. NODE_PATH says where the packages are.
'use strict';
const grpc = require('@grpc/grpc-js');
const loader = require('@grpc/proto-loader');

exports.grpc = grpc;
exports.load = proto => grpc.loadPackageDefinition(
  loader.loadSync(proto, { keepCase: true, longs: String, enums: String, defaults: true, oneofs: true }),
).minka.control.v1.Control;
