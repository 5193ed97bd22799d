import { connect } from 'node:net';
import { text as readText } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { failureOf, messages, startGateway, type TestGateway } from '../helpers/gateway.ts';

let breakwater: TestGateway;

beforeAll(async () => {
	breakwater = await startGateway({ server: { bodyLimit: '2KB' } });
});

afterAll(() => breakwater.close());

afterEach(() => {
	expect(breakwater.upstream('a').requests).toEqual([]);
	expect(breakwater.upstream('b').requests).toEqual([]);
	expect(breakwater.crashes).toEqual([]);
});

const prompt = 'THE-PROMPT';

async function expectRefusal(
	response: Response,
	status: number,
	code: string,
	message: RegExp,
	param: string | null = null,
) {
	const body = await failureOf(response);
	expect(body).toEqual({
		error: { message: expect.stringMatching(message), type: 'invalid_request_error', param, code },
	});
	expect(body.error.message).not.toContain('PROMPT');
	expect(response.status).toBe(status);
	expect(response.headers.get('content-type')).toContain('application/json');
	expect(response.headers.get('x-breakwater-request-id')).toMatch(/^req_/);
}

const texts: [string, string, RegExp][] = [
	['nothing', '', /is empty/],
	['white space', ' \n ', /is empty/],
	['a word', prompt, /has a character where none may stand/],
	[
		'a character too many',
		`{"messages":["${prompt} at position 7"],x}`,
		/not valid JSON: it breaks at character \d{2}\b/,
	],
	[
		'a wrong word deep inside',
		`{"messages":[${'1,'.repeat(200)} nope, "${prompt}"]}`,
		/has a character where none may stand/,
	],
	['what is cut off', `{"prompt":"${prompt}","messages":`, /ends too early/],
	['a string that does not end', `{"messages":["${prompt}`, /breaks at character/],
];

test.each(texts)('not JSON: %s', async (_name, text, message) => {
	await expectRefusal(await breakwater.post(text), 400, 'invalid_json', message);
});

const shapes: [string, unknown, RegExp, string | null][] = [
	['null', null, /must be a JSON object/, null],
	['a list', [prompt], /must be a JSON object/, null],
	['a text', prompt, /must be a JSON object/, null],
	['no messages', { question: prompt }, /'messages' must be a list/, 'messages'],
	['an input of another endpoint', { input: 'Hi' }, /'input' belongs to POST \/v1\/responses/, 'messages'],
	[
		'a tool of Messages',
		{ messages: [prompt], tools: [{ name: 'age', input_schema: { type: 'object' } }] },
		/'tools\[0\]' is a tool of POST \/v1\/messages; here .*parameters/,
		'tools[0]',
	],
	['no message', { messages: [] }, /at least one message/, 'messages'],
	['messages that are a text', { messages: prompt }, /'messages' must be a list/, 'messages'],
	['a model that is a number', { messages: [prompt], model: 4 }, /'model' must be a string/, 'model'],
	['a stream that is a word', { messages: [prompt], stream: 'yes' }, /'stream' must be true or false/, 'stream'],
	['failover that is a word', { messages: [prompt], failover: 'cheap' }, /'failover' must be an object/, 'failover'],
	[
		'a profile that is a number',
		{ messages: [prompt], failover: { profile: 1 } },
		/must be a string/,
		'failover.profile',
	],
	[
		'an unknown control field',
		{ messages: [prompt], failover: { profil: 'x' } },
		/'failover.profil' is not known/,
		'failover',
	],
	[
		'an unknown profile',
		{ messages: [prompt], failover: { profile: 'nope' } },
		/no profile 'nope'; .*default/,
		'failover.profile',
	],
	[
		'a profile of the prototype',
		{ messages: [prompt], failover: { profile: 'toString' } },
		/no profile/,
		'failover.profile',
	],
];

test.each(shapes)('of the wrong shape: %s', async (_name, body, message, param) => {
	const code = /no profile/.test(message.source) ? 'unknown_profile' : 'invalid_request';
	await expectRefusal(await breakwater.post(JSON.stringify(body)), 400, code, message, param);
});

test('an unknown profile in the header', async () => {
	const response = await breakwater.post({}, { headers: { 'x-failover-profile': 'nope' } });
	await expectRefusal(
		response,
		400,
		'unknown_profile',
		/no profile 'nope'; the profiles are default/,
		'X-Failover-Profile',
	);
});

test('a very long name is clipped', async () => {
	const response = await breakwater.post({ failover: { profile: 'x'.repeat(1000) } });
	await expectRefusal(response, 400, 'unknown_profile', /^.{0,200}$/, 'failover.profile');
});

test.each(['text/html', 'text/plainer', 'application/x-www-form-urlencoded', 'application/jsonp', 'nonsense'])(
	'a body that says it is %s',
	async (type) => {
		const response = await breakwater.post({}, { headers: { 'content-type': type } });
		await expectRefusal(response, 415, 'unsupported_media_type', /Content-Type: application\/json/);
	},
);

test('no body and no content type', async () => {
	const response = await fetch(`${breakwater.origin}/v1/chat/completions`, { method: 'POST' });
	await expectRefusal(response, 400, 'invalid_json', /is empty/);
});

test('a body over server.bodyLimit, announced or not', async () => {
	const large = JSON.stringify({ messages: [{ role: 'user', content: prompt.repeat(1000) }] });
	await expectRefusal(await breakwater.post(large), 413, 'body_too_large', /bodyLimit.*2048 bytes/);
	const chunked = await fetch(`${breakwater.origin}/v1/chat/completions`, {
		method: 'POST',
		headers: { 'content-type': 'application/json' },
		body: new Blob([large]).stream(),
		duplex: 'half',
	});
	await expectRefusal(chunked, 413, 'body_too_large', /bodyLimit.*2048 bytes/);
});

test.each([
	['/', 404, 'not_found', /POST \/v1\/chat\/completions/],
	['/v1/nothing', 404, 'not_found', /GET \/v1\/models/],
	[`/v1/${prompt}?key=${prompt}`, 404, 'not_found', /nothing here/],
	['/v1/chat/completions', 405, 'method_not_allowed', /takes POST, not GET/],
	['/v1/chat/completions?x=1', 405, 'method_not_allowed', /takes POST, not GET/],
	['/%zz', 400, 'invalid_request', /the address has a % .*%25/],
	['/v1/models/%ff', 400, 'invalid_request', /the address has a % .*%25/],
] as const)('GET %s', async (path, status, code, message) => {
	await expectRefusal(await fetch(breakwater.origin + path), status, code, message);
});

test.each([
	['PUT', '/v1/chat/completions', /takes POST, not PUT/],
	['DELETE', '/health', /takes GET, not DELETE/],
	['POST', '/v1/models', /takes GET, not POST/],
])('%s %s', async (method, path, message) => {
	const headers = { 'content-type': 'application/json' };
	const body = JSON.stringify({ messages });
	await expectRefusal(
		await fetch(breakwater.origin + path, { method, headers, body }),
		405,
		'method_not_allowed',
		message,
	);
});

test.each([
	['what is not HTTP', 'hello\r\n\r\n', 400, /not an HTTP request/],
	['an unknown verb', 'FROB / HTTP/1.1\r\nhost: x\r\n\r\n', 400, /not an HTTP request/],
	[
		'headers without end',
		`GET / HTTP/1.1\r\nhost: x\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`,
		431,
		/headers are too large/,
	],
	[
		'two lengths',
		'POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n',
		400,
		/not an HTTP request/,
	],
] as const)('%s is answered in the same shape, and the connection closed', async (_name, bytes, status, message) => {
	const socket = connect(Number(new URL(breakwater.origin).port), '127.0.0.1');
	socket.write(bytes);
	const [head = '', body = ''] = (await readText(socket)).split('\r\n\r\n');
	expect(head).toMatch(/\r\nx-breakwater-request-id: req_/);
	expect(head).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
	expect(JSON.parse(body)).toEqual({
		error: {
			message: expect.stringMatching(message),
			type: 'invalid_request_error',
			param: null,
			code: 'invalid_request',
		},
	});
});
