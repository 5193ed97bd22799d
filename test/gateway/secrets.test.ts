import { afterEach, beforeEach, expect, test } from 'vitest';
import { startGateway, type TestGateway } from '../helpers/gateway.ts';
import { type Behaviour, chunksOf, completes, status, streams } from '../helpers/upstream.ts';

const keys = { a: 'planted/key+of-a==', b: 'planted.key~of-b' };
const headerSecret = 'planted-header-secret';

let breakwater: TestGateway;

beforeEach(async () => {
	breakwater = await startGateway({
		providers: { a: { apiKey: keys.a, headers: { 'x-api-key': headerSecret } }, b: { apiKey: keys.b } },
	});
});

afterEach(() => breakwater.close());

/** An error that repeats everything that is secret, wherever an error has room for it. */
const echo = `${keys.a} or ${keys.b} or ${headerSecret} or Bearer sk-someone-elses-key-123456`;
const error = { error: { message: `Incorrect API key: ${echo}`, type: echo, param: echo, code: echo } };
const echoHeaders = { 'x-request-id': keys.a, 'www-authenticate': `Bearer ${keys.b}` };

const echoes: [string, Behaviour][] = [
	['401', status(401, error, echoHeaders)],
	['400', status(400, error, echoHeaders)],
	['402', status(402, error, echoHeaders)],
	['429', status(429, error, echoHeaders)],
	['503', status(503, error, echoHeaders)],
	['503 in plain text', status(503, echo, echoHeaders)],
	['an error with a 200', completes(error, echoHeaders)],
	['an error event', streams([error])],
	['an error event after the commit', streams([...chunksOf('half of it').slice(0, 3), error])],
];

test.each(echoes)('keys that a provider repeats in its error go nowhere: %s', async (_name, behaviour) => {
	const seen: string[] = [];
	for (const name of ['a', 'b']) breakwater.upstream(name).always(behaviour);
	for (const stream of [true, false, true]) {
		const response = await breakwater.post({ stream });
		seen.push(JSON.stringify([...response.headers]), await response.text());
	}
	seen.push(JSON.stringify(await breakwater.health()), JSON.stringify(breakwater.records));
	expect(breakwater.upstream('a').requests[0]?.headers).toMatchObject({
		authorization: `Bearer ${keys.a}`,
		'x-api-key': headerSecret,
	});
	for (const secret of [keys.a, keys.b, headerSecret, 'sk-someone-elses-key']) {
		expect(seen.join('\n')).not.toContain(secret);
	}
});

test('a key that the end of a long message would cut through is not shown in part', async () => {
	const message = `${'x'.repeat(490)} ${keys.a}`;
	breakwater.upstream('a').next(status(400, { error: { message } }));
	expect(await (await breakwater.post()).text()).not.toContain(keys.a.slice(0, 6));
});

test('what is left of the message still explains it', async () => {
	breakwater.upstream('a').next(status(400, { error: { message: `No such field with ${keys.a} in it` } }));
	expect(await (await breakwater.post()).json()).toMatchObject({
		error: { message: 'No such field with [redacted] in it' },
	});
});

test('keys of callers and of the operator that a provider repeats go nowhere either', async () => {
	const callerKeys = ['planted-client-key-1', 'planted-client-key-2', 'planted-admin-key-01'];
	const [first = '', second = '', admin = ''] = callerKeys;
	const guarded = await startGateway({ server: { clients: { web: { key: [first, second] } }, adminKey: admin } });
	try {
		guarded.upstream('a').next(status(400, { error: { message: `You sent ${callerKeys.join(' and ')}` } }));
		const response = await guarded.post({}, { headers: { authorization: `Bearer ${second}` } });
		const text = (await response.text()) + JSON.stringify([...response.headers]) + JSON.stringify(guarded.records);
		expect(text).toContain('You sent [redacted] and [redacted] and [redacted]');
		expect(text).not.toContain('planted');
	} finally {
		await guarded.close();
	}
});
