// Speaks OpenAI's API with OpenAI's own library, as its users do.
//
// Arguments: base URL of the node, a token, a model that continues 'red' by ' green blue' and ends, a model of embeddings.
'use strict';
const assert = require('node:assert/strict');
const { OpenAI, NotFoundError, BadRequestError, AuthenticationError } = require('openai');

const [url, apiKey, texts, vectors] = process.argv.slice(2);
const options = { baseURL: `${url}/openai/v1`, apiKey, maxRetries: 0 };
const client = new OpenAI(options);
const exact = { model: texts, temperature: 0 };
const messages = [{ role: 'user', content: [{ type: 'text', text: 'hi' }] }];

async function models() {
  const ids = [];
  for await (const model of client.models.list()) {
    assert.equal(model.object, 'model');
    ids.push(model.id);
  }

  assert.ok(ids.includes(texts) && ids.includes(vectors), ids.join());
  assert.equal((await client.models.retrieve(texts)).id, texts);
}

async function completions() {
  const whole = await client.completions.create({ ...exact, prompt: 'red', max_tokens: 29 });
  assert.deepEqual([whole.object, whole.model, whole.choices[0].text, whole.choices[0].finish_reason], ['text_completion', texts, ' green blue', 'stop']);
  assert.deepEqual(whole.usage, { prompt_tokens: 3, completion_tokens: 11, total_tokens: 14 });
  const stopped = await client.completions.create({ ...exact, prompt: ['red', 'red'], max_tokens: 29, stop: [' blue'] });
  assert.deepEqual(stopped.choices.map((choice) => [choice.index, choice.text, choice.finish_reason]), [[0, ' green', 'stop'], [1, ' green', 'stop']]);

  let [text, usage, end] = ['', null, null];
  for await (const chunk of await client.completions.create({ ...exact, prompt: 'red', max_tokens: 3, stream: true, stream_options: { include_usage: true } })) {
    text += chunk.choices[0]?.text ?? '';
    end = chunk.choices[0]?.finish_reason ?? end;
    usage = chunk.usage;
  }

  assert.deepEqual([text, end, usage.completion_tokens], [' gr', 'length', 3]);
}

async function chats() {
  const whole = await client.chat.completions.create({ ...exact, messages, max_completion_tokens: 2 });
  const [choice] = whole.choices;
  assert.deepEqual([whole.object, choice.index, choice.message.role, choice.message.refusal, choice.logprobs], ['chat.completion', 0, 'assistant', null, null]);
  assert.match(whole.id, /^chatcmpl-/);
  assert.ok(Math.abs(whole.created - Date.now() / 1000) < 600);

  // The library puts the parts together itself, and is strict about it.
  const stream = client.chat.completions.stream({ ...exact, messages, max_tokens: 2, stream_options: { include_usage: true } });
  const final = await stream.finalChatCompletion();
  assert.deepEqual([final.choices[0].message.content, final.choices[0].message.role, final.choices[0].finish_reason], [choice.message.content, 'assistant', choice.finish_reason]);
  assert.deepEqual(final.usage, whole.usage);

  const left = await client.chat.completions.create({ ...exact, messages, stream: true });
  for await (const chunk of left) {
    assert.equal(chunk.object, 'chat.completion.chunk');
    break;
  }
}

async function embeddings() {
  // Without a format the library asks for base64 and unpacks it.
  const packed = await client.embeddings.create({ model: vectors, input: ['warm sunny bright 1', 'cold dark rainy 2'] });
  const plain = await client.embeddings.create({ model: vectors, input: ['warm sunny bright 1', 'cold dark rainy 2'], encoding_format: 'float' });
  assert.deepEqual(packed.data.map((one) => [one.object, one.index]), [['embedding', 0], ['embedding', 1]]);
  assert.deepEqual(packed.data.map((one) => Array.from(one.embedding, Math.fround)), plain.data.map((one) => one.embedding.map(Math.fround)));
  assert.ok(plain.usage.total_tokens > 0 && plain.usage.prompt_tokens === plain.usage.total_tokens);
}

async function refusals() {
  const refused = (call, type, expected) => assert.rejects(call, (error) => {
    assert.ok(error instanceof type, `${error}`);
    assert.deepEqual({ status: error.status, code: error.code, param: error.param, type: error.type }, expected);
    return true;
  });
  await refused(client.completions.create({ model: 'nobody', prompt: 'a' }), NotFoundError, { status: 404, code: 'model_not_found', param: 'model', type: 'invalid_request_error' });
  await refused(client.completions.create({ ...exact, prompt: 'a', n: 2 }), BadRequestError, { status: 400, code: null, param: 'n', type: 'invalid_request_error' });
  await refused(client.completions.create({ ...exact, prompt: 'a', max_tokens: 0 }), BadRequestError, { status: 400, code: null, param: 'max_tokens', type: 'invalid_request_error' });
  await refused(client.completions.create({ ...exact, prompt: 'a'.repeat(40) }), BadRequestError, { status: 400, code: 'context_length_exceeded', param: null, type: 'invalid_request_error' });
  await refused(client.chat.completions.create({ ...exact, messages, tools: [{ type: 'function', function: { name: 'f' } }] }), BadRequestError, { status: 400, code: null, param: 'tools', type: 'invalid_request_error' });
  await refused(new OpenAI({ ...options, apiKey: 'wrong' }).models.list(), AuthenticationError, { status: 401, code: 'invalid_api_key', param: null, type: 'authentication_error' });
  await assert.rejects(client.responses.create({ model: texts, input: 'a' }), NotFoundError);
}

(async () => {
  for (const check of [models, completions, chats, embeddings, refusals]) {
    await check();
  }

  console.log('all right');
})();
