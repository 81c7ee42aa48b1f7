// Speaks the inference protocol with code that is not ours: gRPC in JavaScript with the proto files read as they are, and Node's HTTP, which keeps
// connections and sends Expect and chunks in ways of its own.
//
// Arguments: folder of the proto files, HTTP host:port, gRPC host:port, a model with input x and output y (FP32 [-1,4], y = x + 1), one whose BYTES output
// 'same' is its input 'text' ([-1,-1]).
'use strict';
const assert = require('node:assert/strict');
const http = require('node:http');
const zlib = require('node:zlib');
const { promisify } = require('node:util');
const grpc = require('@grpc/grpc-js');
const loader = require('@grpc/proto-loader');

const [protos, restHost, rpcHost, numbers, texts] = process.argv.slice(2);
const definition = loader.loadSync('Serving/Rpc/Protos/grpc_service.proto', { includeDirs: [protos], keepCase: true, longs: String, enums: String, defaults: true, oneofs: true });
const { GRPCInferenceService } = grpc.loadPackageDefinition(definition).inference;

const values = (buffer) => Array.from({ length: buffer.length / 4 }, (_, at) => buffer.readFloatLE(at * 4));
const raw = (...numbers) => { const bytes = Buffer.alloc(numbers.length * 4); numbers.forEach((number, at) => bytes.writeFloatLE(number, at * 4)); return bytes; };
const counted = (...elements) => Buffer.concat(elements.flatMap((element) => { const size = Buffer.alloc(4); size.writeUInt32LE(element.length); return [size, Buffer.from(element)]; }));
const request = (more) => ({ model_name: numbers, id: 'js', inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 4] }], outputs: [{ name: 'y' }], raw_input_contents: [raw(1, 2, 3, 4)], ...more });

async function refused(call, code, text) {
  await assert.rejects(call, (error) => { assert.equal(error.code, code); assert.ok(error.details.includes(text), error.details); return true; });
}

async function unary(client) {
  const ask = (method, message, ...more) => promisify(client[method]).call(client, message, ...more);
  assert.equal((await ask('serverLive', {})).live, true);
  assert.equal((await ask('serverReady', {})).ready, true);
  assert.equal((await ask('modelReady', { name: numbers })).ready, true);
  assert.equal((await ask('modelReady', { name: 'nobody' })).ready, false);
  assert.ok((await ask('serverMetadata', {})).extensions.includes('binary_tensor_data'));
  const metadata = await ask('modelMetadata', { name: numbers });
  assert.deepEqual(metadata.versions, ['1']);
  assert.deepEqual(metadata.inputs.map((tensor) => [tensor.name, tensor.datatype, tensor.shape]), [['x', 'FP32', ['-1', '4']]]);
  const { config } = await ask('modelConfig', { name: numbers });
  assert.deepEqual([config.max_batch_size, config.scheduling_choice, config.input[0].data_type], [4, 'dynamic_batching', 'TYPE_FP32']);

  const plain = await ask('modelInfer', request());
  assert.deepEqual([plain.id, plain.model_name, plain.model_version, plain.outputs[0].shape], ['js', numbers, '1', ['1', '4']]);
  assert.deepEqual(values(plain.raw_output_contents[0]), [2, 3, 4, 5]);
  const typed = await ask('modelInfer', request({ raw_input_contents: [], inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 4], contents: { fp32_contents: [5, 6, 7, 8] } }] }));
  assert.deepEqual(values(typed.raw_output_contents[0]), [6, 7, 8, 9]);
  const parts = [Buffer.from('Grüße'), Buffer.alloc(0)];
  for (const [more, contents] of [[{ raw_input_contents: [counted(...parts)] }, undefined], [{}, { bytes_contents: parts }]]) {
    const answer = await ask('modelInfer', { model_name: texts, inputs: [{ name: 'text', datatype: 'BYTES', shape: [1, 2], contents }], ...more });
    assert.deepEqual([answer.outputs[0].name, answer.outputs[0].datatype, answer.outputs[0].shape], ['same', 'BYTES', ['1', '2']]);
    assert.ok(answer.raw_output_contents[0].equals(counted(...parts)));
  }

  await refused(ask('modelInfer', request({ model_name: 'nobody' })), grpc.status.INVALID_ARGUMENT, "Request for unknown model: 'nobody' is not found");
  await refused(ask('modelInfer', request({ model_version: '9' })), grpc.status.NOT_FOUND, 'version 9 is not found');
  await refused(ask('modelInfer', request(), new grpc.Metadata(), { deadline: Date.now() - 1 }), grpc.status.DEADLINE_EXCEEDED, '');

  const [statistics] = (await ask('modelStatistics', { name: numbers })).model_stats;
  assert.deepEqual([statistics.name, statistics.version, Number(statistics.inference_stats.success.count) >= 2], [numbers, '1', true]);
  assert.ok((await ask('repositoryIndex', {})).models.some((model) => model.name === texts && model.state === 'READY'));
}

function stream(client, metadata, requests, onData = () => {}) {
  return new Promise((resolve, reject) => {
    const call = client.modelStreamInfer(metadata);
    const answers = [];
    call.on('data', (answer) => { answers.push(answer); onData(call); });
    call.on('error', reject);
    call.on('end', () => resolve(answers));
    requests.forEach((one) => call.write(one));
    call.end();
  });
}

async function streams(client) {
  const answers = await stream(client, new grpc.Metadata(), [request({ id: '1' }), request({ id: '2', model_version: '9' }), request({ id: '3' })]);
  assert.deepEqual(answers.map((answer) => [answer.infer_response.id, answer.error_message.includes('version 9 is not found')]), [['1', false], ['2', true], ['3', false]]);
  assert.deepEqual(values(answers[2].infer_response.raw_output_contents[0]), [2, 3, 4, 5]);
  const strict = new grpc.Metadata();
  strict.set('triton_grpc_error', 'true');
  await refused(stream(client, strict, [request({ model_version: '9' })]), grpc.status.NOT_FOUND, 'version 9 is not found');
  await refused(stream(client, new grpc.Metadata(), [request()], (call) => call.cancel()), grpc.status.CANCELLED, '');
}

function rest(agent, method, path, { headers = {}, chunks = [], expect = false } = {}) {
  return new Promise((resolve, reject) => {
    const [host, port] = restHost.split(':');
    const sent = http.request({ agent, host, port, method, path, headers: expect ? { ...headers, Expect: '100-continue' } : headers }, (response) => {
      const parts = [];
      response.on('data', (part) => parts.push(part));
      response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, body: Buffer.concat(parts), reused: sent.reusedSocket }));
    });
    sent.on('error', reject);
    const write = () => { chunks.forEach((chunk) => sent.write(chunk)); sent.end(); };
    if (expect) { sent.on('continue', write); sent.flushHeaders(); } else { write(); }
  });
}

async function overHttp() {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  const tail = raw(1, 2, 3, 4);
  const json = Buffer.from(JSON.stringify({ id: '', inputs: [{ name: 'x', shape: [1, 4], datatype: 'FP32', parameters: { binary_data_size: 16 } }], outputs: [{ name: 'y', parameters: { binary_data: true } }] }));
  const path = `/v2/models/${encodeURIComponent(numbers)}/infer`;
  const length = { 'Inference-Header-Content-Length': json.length };
  assert.equal((await rest(agent, 'GET', '/v2/health/ready')).status, 200);
  for (const [sent, pack] of [['', (body) => body], ['gzip', zlib.gzipSync], ['deflate', zlib.deflateSync]]) {
    for (const [wanted, unpack] of [['', (body) => body], ['gzip', zlib.gunzipSync], ['deflate', zlib.inflateSync]]) {
      const headers = { ...length, ...(sent && { 'Content-Encoding': sent }), ...(wanted && { 'Accept-Encoding': wanted }) };
      const body = pack(Buffer.concat([json, tail]));
      for (const chunks of [[body], [body.subarray(0, 7), body.subarray(7)]]) {
        const answer = await rest(agent, 'POST', path, { headers: chunks.length > 1 ? headers : { ...headers, 'Content-Length': body.length }, chunks, expect: chunks.length > 1 });
        assert.deepEqual([answer.status, answer.headers['content-encoding'] ?? '', answer.reused], [200, wanted, true], `${sent} ${wanted} ${answer.body}`);
        const whole = unpack(answer.body);
        const at = Number(answer.headers['inference-header-content-length']);
        assert.deepEqual(JSON.parse(whole.subarray(0, at)).outputs, [{ name: 'y', datatype: 'FP32', shape: [1, 4], parameters: { binary_data_size: 16 } }]);
        assert.deepEqual(values(whole.subarray(at)), [2, 3, 4, 5]);
      }
    }
  }

  const wrong = await rest(agent, 'POST', '/v2/models/nobody/infer', { chunks: ['{"inputs":[]}'] });
  assert.deepEqual([wrong.status, wrong.reused, JSON.parse(wrong.body)], [400, true, { error: "Request for unknown model: 'nobody' is not found" }]);
  const said = await (await fetch(`http://${restHost}${path}`, { method: 'POST', body: JSON.stringify({ inputs: [{ name: 'x', shape: [1, 4], datatype: 'FP32', data: [[0.1, -2, 3e9, 0]] }] }) })).json();
  assert.deepEqual(said.outputs[0].data.map(Math.fround), [Math.fround(Math.fround(0.1) + 1), -1, 3e9, 1].map(Math.fround));
  agent.destroy();
}

async function main() {
  const client = new GRPCInferenceService(rpcHost, grpc.credentials.createInsecure(), {
    'grpc.keepalive_time_ms': 20, 'grpc.keepalive_permit_without_calls': 1, 'grpc.max_receive_message_length': -1, 'grpc.max_send_message_length': -1,
  });
  await unary(client);
  await streams(client);
  client.close();
  const gzip = new GRPCInferenceService(rpcHost, grpc.credentials.createInsecure(), { 'grpc.default_compression_algorithm': 2 });
  assert.deepEqual(values((await promisify(gzip.modelInfer).call(gzip, request())).raw_output_contents[0]), [2, 3, 4, 5]);
  gzip.close();
  await overHttp();
  console.log('all right');
}

main().catch((error) => { console.error(error); process.exit(1); });
