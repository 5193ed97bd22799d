import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openStatelyBridge, type StatelyBridge } from '../../../src/observe/inspector/stately.ts';
import { soon } from '../../helpers/gateway.ts';
import { answers, status } from '../../helpers/upstream.ts';
import { type InspectedGateway, operatorsKey, startInspected } from './inspected-gateway.ts';

interface Message {
	type: string;
	name?: string;
	sessionId: string;
	event?: { type: string };
	snapshot?: { value: unknown; context: Record<string, unknown> };
	definition?: string;
}

const secrets = { apiKey: 'planted-provider-key-88', prompt: 'planted prompt words', answer: 'planted answer words' };

let bridge: StatelyBridge;
let breakwater: InspectedGateway;
const sockets: WebSocket[] = [];

beforeEach(async () => {
	bridge = await openStatelyBridge(0);
	breakwater = await startInspected(
		{
			providers: { a: { apiKey: secrets.apiKey } },
			server: { adminKey: operatorsKey },
			policy: { breaker: { failureThreshold: 1 } },
		},
		bridge,
	);
});

afterEach(async () => {
	for (const socket of sockets.splice(0)) socket.close();
	await breakwater.close();
	await bridge.close();
});

async function listen(): Promise<{ messages: Message[]; texts: string[] }> {
	const socket = new WebSocket(bridge.url.replace('http', 'ws'));
	sockets.push(socket);
	const heard = { messages: [] as Message[], texts: [] as string[] };
	socket.addEventListener('message', ({ data }) => {
		heard.texts.push(String(data));
		heard.messages.push(JSON.parse(String(data)));
	});
	await soon(() => expect(heard.messages.some(({ type }) => type === '@xstate.snapshot')).toBe(true));
	return heard;
}

describe('the bridge to the Stately Inspector', () => {
	test('shows provider actors to whoever comes late, under their names and with their definition', async () => {
		const { messages } = await listen();
		const actors = messages.filter(({ type }) => type === '@xstate.actor');
		expect(actors.map(({ name }) => name)).toEqual(['a', 'b']);
		expect(JSON.parse(actors[0]?.definition ?? '')).toMatchObject({ id: 'provider', initial: 'starting' });
		expect(messages.find(({ type }) => type === '@xstate.snapshot')?.snapshot?.value).toBe('closed');
	});

	test('tells what happens to providers and to requests, and nothing secret', async () => {
		const { messages, texts } = await listen();
		breakwater.upstream('a').always(status(503, { error: { message: secrets.apiKey } }));
		breakwater.upstream('b').always(answers(secrets.answer));
		await (await breakwater.post({ messages: [{ role: 'user', content: secrets.prompt }] })).text();
		await soon(() => {
			const values = messages.flatMap(({ snapshot }) => (typeof snapshot?.value === 'string' ? [snapshot.value] : []));
			expect(values).toEqual(expect.arrayContaining(['open', 'done']));
			const events = messages.flatMap(({ type, event }) => (type === '@xstate.event' ? [event?.type] : []));
			expect(events).toEqual(
				expect.arrayContaining(['permit.requested', 'attempt.failed', 'permit.granted', 'attempt.completed']),
			);
			expect(messages.some(({ type, name }) => type === '@xstate.actor' && name === 'request')).toBe(true);
		});
		const all = texts.join('\n');
		for (const secret of [...Object.values(secrets), operatorsKey]) expect(all).not.toContain(secret);
		expect(all).not.toContain('"policy"');
		expect(all).not.toContain('maxCooldown');
	});

	test('looks at no request while nobody looks at it', () => {
		expect(bridge.inspect('request')).toBeUndefined();
	});

	test('shows a sample of the requests under load', async () => {
		await listen();
		const looked = Array.from({ length: 1000 }, () => bridge.inspect('request')).filter((one) => one !== undefined);
		expect(looked.length).toBeGreaterThan(0);
		expect(looked.length).toBeLessThanOrEqual(6);
	});

	test('serves a page that frames Stately’s, to loopback only', async () => {
		const page = await fetch(bridge.url);
		expect(page.headers.get('content-security-policy')).toContain('frame-src https://stately.ai');
		expect(await page.text()).toContain('<iframe');
		expect(bridge.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
		expect((await fetch(`${bridge.url}/bridge.js`)).status).toBe(200);
		expect((await fetch(`${bridge.url}/package.json`)).status).toBe(404);
	});
});

test('a page of another site gets no WebSocket', async () => {
	const { request } = await import('node:http');
	const refused = await new Promise<number | undefined>((resolve) => {
		const sent = request(bridge.url, {
			headers: {
				connection: 'upgrade',
				upgrade: 'websocket',
				'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
				'sec-websocket-version': '13',
				origin: 'https://evil.example',
			},
		});
		sent.on('response', ({ statusCode }) => resolve(statusCode));
		sent.on('upgrade', () => resolve(101));
		sent.end();
	});
	expect(refused).toBe(401);
});
