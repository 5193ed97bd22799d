import { afterEach, beforeEach, expect, test } from 'vitest';
import { createLog, logObserver } from '../../src/observe/log/log.ts';
import { startGateway, type TestGateway } from '../helpers/gateway.ts';
import {
	type Behaviour,
	chunkOf,
	chunksOf,
	completes,
	completionOf,
	startUpstream,
	status,
	streams,
} from '../helpers/upstream.ts';

const keys = { a: 'planted/key+of-a==', b: 'planted.key~of-b' };
const headerSecret = 'planted-header-secret';

const requestSecret = 'planted-request-1x2y3z';

let breakwater: TestGateway;

beforeEach(async () => {
	breakwater = await startGateway({
		providers: {
			a: { apiKey: keys.a, headers: { 'x-api-key': headerSecret }, request: { force: { user: requestSecret } } },
			b: { apiKey: keys.b },
		},
	});
});

afterEach(() => breakwater.close());

/** An error that repeats everything that is secret, wherever an error has room for it. */
const echo = `${keys.a} or ${keys.b} or ${headerSecret} or ${requestSecret} or Bearer sk-someone-elses-key-123456`;
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
	for (const secret of [keys.a, keys.b, headerSecret, requestSecret, 'sk-someone-elses-key']) {
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

/** One of every place of a configuration where a secret may stand. */
const planted = {
	path: 'planted-path-s3cr3t',
	query: 'planted/query+secret',
	pass: 'planted-org-pass',
	signature: 'planted+signature=',
	session: 'planted session',
	user: 'planted-basic-pass',
	target: 'planted-target-value',
};
/** How a provider may repeat it. */
const written = (text: string) => [
	text,
	encodeURIComponent(text),
	encodeURI(text),
	Buffer.from(text).toString('base64'),
	Buffer.from(`user:${text}`).toString('base64'),
];

test.each<[string, (echoed: string) => Behaviour]>([
	['a message', (echoed) => status(400, { error: { message: `Not with ${echoed} here` } })],
	['plain text', (echoed) => status(503, echoed)],
	[
		'the id of a request',
		(echoed) => completes(completionOf('hi'), { 'x-request-id': echoed, 'x-ratelimit-reset': echoed }),
	],
	['a finish reason', (echoed) => streams([chunkOf({ content: 'hi' }), chunkOf({}, echoed), '[DONE]'])],
	[
		'a finish reason that is a failure',
		(echoed) => streams([chunkOf({ content: 'hi' }), chunkOf({}, `error: ${echoed}`), '[DONE]']),
	],
])('whatever is set in an address or in headers goes nowhere in any notation, from %s', async (_name, behaviour) => {
	const headers = {
		...{ 'X-Org-Pass': planted.pass, 'X-Signature': planted.signature, Session: planted.session },
		'X-Upstream': `Basic ${Buffer.from(`user:${planted.user}`).toString('base64')}`,
	};
	const upstream = await startUpstream();
	const baseUrl = `${upstream.baseUrl}/${planted.path}?code=${encodeURIComponent(planted.query)}`;
	const lines: string[] = [];
	const log = createLog('debug', undefined, { shown: { write: (line: string) => void lines.push(line) } });
	const guarded = await startGateway({
		names: ['a'],
		observe: () => logObserver(log),
		providers: { a: { baseUrl, headers } },
		profiles: { default: { chain: [{ target: 'a/m', headers: { 'X-Target': planted.target } }] } },
	});
	const seen: string[] = [];
	try {
		for (const secret of Object.values(planted)) {
			for (const echoed of written(secret)) {
				upstream.next(behaviour(echoed));
				const response = await guarded.post({ stream: true });
				// What stands in an answer itself is the model's, and passes as it came.
				const text = await response.text();
				seen.push(JSON.stringify([...response.headers]), response.ok ? '' : text);
				guarded.gateway.operate('a', { type: 'operator.reset', now: Date.now() });
			}
		}
		seen.push(JSON.stringify(guarded.records), JSON.stringify(await guarded.health()), ...lines);
		seen.push(await (await fetch(`${guarded.origin}/metrics`)).text());
	} finally {
		await guarded.close();
		await upstream.close();
	}
	expect(upstream.requests[0]?.path).toContain(planted.path);
	expect(lines.length).toBeGreaterThan(0);
	const all = seen.join('\n');
	for (const secret of Object.values(planted).flatMap(written)) expect(all).not.toContain(secret);
});
