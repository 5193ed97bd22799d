import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { Config } from '../../../src/config/config.ts';
import { usualTiming } from '../../../src/credentials/key-life.ts';
import { createNotifications, type Notifications } from '../../../src/observe/notifications/notifications.ts';
import { read, smallest } from '../../config/read.ts';
import { type GatewaySetup, soon, startGateway, type TestGateway } from '../../helpers/gateway.ts';
import { answers, hangs, startUpstream, status, type Upstream } from '../../helpers/upstream.ts';

/** A receiver is given longer than two hundred calls take, for what is held back must not be sent a second time. */
const timing = { retries: 2, backoffMs: 1, maxBackoffMs: 4, maxRetryAfterMs: 50, timeoutMs: 3_600_000 };

let receiver: Upstream;
let breakwater: TestGateway;
let notifications: Notifications;
let warnings: { line: object; text: string }[];
let outcomes: string[];

afterEach(async () => {
	await notifications.close(0);
	await breakwater.close();
	await receiver.close();
});

/** A gateway that tells one receiver, in both formats unless said otherwise. */
async function start(setup: GatewaySetup = {}, given: Record<string, unknown> = {}, timeoutMs?: number): Promise<void> {
	receiver = await startUpstream();
	warnings = [];
	outcomes = [];
	const hook = (format: string) => ({ url: `${receiver.baseUrl}/${format}?token=PLANTED-TOKEN`, format });
	breakwater = await startGateway({
		...setup,
		notifications: { webhooks: [hook('json'), hook('slack')], ...given },
		observe: (config: Config) => {
			const log = { warn: (line: object, text: string) => void warnings.push({ line, text }) };
			const onOutcome = (number: number, is: string) => void outcomes.push(`${number} ${is}`);
			notifications = createNotifications(config, {
				log,
				onOutcome,
				timing: { ...timing, timeoutMs: timeoutMs ?? timing.timeoutMs },
			});
			return notifications.observer;
		},
	});
	notifications.watch(breakwater.gateway);
}

const call = async (body: object = {}) => (await breakwater.post(body)).text();

interface Notification {
	event: string;
	incident: string;
	text: string;
	[field: string]: unknown;
}

/** What came to one of the two webhooks, once there is so much of it. */
async function told(count: number, format: 'json' | 'slack' = 'json'): Promise<Notification[]> {
	const path = `/v1/${format}?token=PLANTED-TOKEN`;
	const bodies = () => receiver.requests.filter((request) => request.path === path).map(({ json }) => json);
	await soon(() => expect(bodies()).toHaveLength(count));
	return bodies() as Notification[];
}

/** The receiver answers nothing until the function that this returns is called. */
function holdBack(): () => void {
	let letGo = () => {};
	const away = new Promise<void>((resolve) => {
		letGo = resolve;
	});
	receiver.always(async ({ response }) => {
		await away;
		response.end();
	});
	return letGo;
}

const reset = (id: string) => breakwater.gateway.operate(id, { type: 'operator.reset', now: Date.now() });
const probe = (id: string) => breakwater.gateway.operate(id, { type: 'operator.probed', now: Date.now() });

test('a rejected key: what broke, where it stands, what goes on meanwhile, what to do', async () => {
	await start({ providers: { a: { apiKey: ['key-one', 'key-two'] } }, profiles: { solo: { chain: ['b/model-b'] } } });
	breakwater.upstream('a').next(status(401));
	// The two times are told in whole seconds, and a second may pass between the actor's reading of the clock and the incident's.
	vi.useFakeTimers({ toFake: ['Date'], now: Date.now() });
	await call().finally(() => vi.useRealTimers());
	const [first] = await told(1);
	expect(first).toMatchObject({
		event: 'incident.opened',
		kind: 'auth',
		title: 'a#1: key rejected',
		source: 'providers.a.apiKey[0]',
		provider: 'a#1',
		model: 'model-a',
		category: 'AUTH_ERROR',
		reason: null,
		status: 401,
		profiles: [{ profile: 'default', goesOnWith: ['a/model-a (#2)', 'b/model-b'] }],
	});
	expect(first?.what).toBe('Provider a#1 rejects its key (AUTH_ERROR, status 401, asked for model-a).');
	expect(first?.meanwhile).toMatch(
		/^Breakwater does not ask it until 20\S+Z; then a request probes it\. Profile default goes on with a\/model-a \(#2\), b\/model-b\.$/,
	);
	expect(first?.action).toMatch(/put a valid key in the place of the one at providers\.a\.apiKey\[0\], and restart/);
	for (const part of [first?.what, first?.source, first?.meanwhile, first?.action])
		expect(first?.text).toContain(String(part));
	const waitMs = Date.parse(String(first?.until)) - Date.parse(String(first?.since));
	expect(waitMs).toBe(15 * 60_000);
});

test('a key that cannot be renewed: told while the present one serves on, and when it can be fetched again', async () => {
	const folder = mkdtempSync(join(tmpdir(), 'keys-'));
	const file = join(folder, 'key');
	writeFileSync(file, 'planted-key-1');
	await start({ providers: { a: { apiKey: { file } } }, keyTiming: { ...usualTiming, fileCheckMs: 20 } });
	writeFileSync(file, 'planted-key-2\nplanted-key-3');
	const [opened] = await told(1);
	expect(opened).toMatchObject({
		event: 'incident.opened',
		kind: 'key',
		title: 'a: key cannot be fetched',
		what: `The key of provider a could not be fetched: the file ${file} holds 2 lines, where a key is one.`,
		source: 'providers.a.apiKey',
		meanwhile: 'The present key serves on, as long as it lives; fetching is tried again all the time.',
		action:
			'What to do: put right what providers.a.apiKey names, the command, the file or the OAuth server; no restart is needed.',
		model: '',
		category: 'AUTH_ERROR',
		reason: 'no_key',
		profiles: [],
	});
	expect(await (await breakwater.post()).json()).toMatchObject({ model: 'model-a' });
	writeFileSync(file, 'planted-key-4');
	const [, recovered] = await told(2);
	expect(recovered?.what).toMatch(/^The key of provider a could be fetched again, after \d+ s\.$/);
	await told(2, 'slack');
	expect(JSON.stringify(receiver.requests.map(({ json }) => json))).not.toContain('planted');
	rmSync(folder, { recursive: true });
});

test('a fetched key that is rejected: what to do needs no restart', async () => {
	await start({ providers: { a: { apiKey: { command: 'echo key-1' } } } });
	breakwater.upstream('a').next(status(401));
	await call();
	breakwater.gateway.operate('a', { type: 'operator.reset', now: Date.now() });
	breakwater.upstream('a').next(status(403));
	await call();
	const [rejected, , forbidden] = await told(3);
	expect(rejected?.action).toBe(
		'What to do: have what providers.a.apiKey names give a valid key, which is tried at once without a restart.',
	);
	expect(forbidden?.action).toMatch(/, or have it give another key, which is tried at once without a restart\.$/);
});

test('a key that is not there at the start: told with what goes on without it', async () => {
	await start({ providers: { a: { apiKey: { command: 'exit 3' } } } });
	const [opened] = await told(1);
	expect(opened?.meanwhile).toBe(
		'Breakwater does not ask it without a key; fetching is tried again all the time. Profile default goes on with b/model-b.',
	);
	expect(opened?.profiles).toEqual([{ profile: 'default', goesOnWith: ['b/model-b'] }]);
});

test('a profile that has nothing left is told so, also where another incident took the rest of it', async () => {
	await start({ names: ['a', 'b'], profiles: { solo: { chain: ['a/model-a'] } } });
	breakwater.upstream('a').always(status(401));
	breakwater.upstream('b').always(status(402));
	await call();
	await call();
	const [, second] = await told(2);
	expect(second).toMatchObject({ kind: 'quota', provider: 'b', profiles: [{ profile: 'default', goesOnWith: [] }] });
	expect(second?.text).toContain('Profile default has no other target left: its requests fail until one works again.');
	expect(second?.action).toMatch(/top up the account of the key at providers\.b\.apiKey .* or wait until 20\S+Z\.$/);
});

describe('what a profile goes on with is what would be asked now', () => {
	const trip = (id: string) =>
		breakwater.gateway.operate(id, { type: 'operator.tripped', now: Date.now(), forMs: 60_000 });
	const ready = async () => (await (await fetch(`${breakwater.origin}/ready`)).json()) as object;

	test('not what an operator took out of traffic, nor what is open for plain failures', async () => {
		await start({
			names: ['a', 'b', 'c', 'd'],
			providers: { a: { apiKey: ['one', 'two'] } },
			profiles: { solo: { chain: ['a/model-a', 'b/model-b'] } },
			policy: { breaker: { failureThreshold: 1 } },
		});
		breakwater.upstream('c').always(status(503));
		await call({ model: 'c/model-c' });
		trip('b');
		trip('a#2');
		breakwater.upstream('a').always(status(401));
		await call();
		const [opened] = await told(1);
		expect(opened?.profiles).toEqual([
			{ profile: 'default', goesOnWith: ['d/model-d'] },
			{ profile: 'solo', goesOnWith: [] },
		]);
		expect(opened?.text).toContain('Profile solo has no other target left: its requests fail until one works again.');
		expect(await ready()).toMatchObject({ profiles: { default: true, solo: false } });
	});

	test('not a unavailable model, though its provider is well', async () => {
		const chain = ['a/model-a', 'b/gone', 'b/model-b'];
		await start({ profiles: { default: { chain } } });
		breakwater.upstream('b').next(status(404, { error: { code: 'model_not_found' } }));
		await call({ model: 'b/gone' });
		breakwater.upstream('a').always(status(401));
		await call();
		const [, auth] = await told(2);
		expect(auth?.profiles).toEqual([{ profile: 'default', goesOnWith: ['b/model-b'] }]);
	});

	test('and where only something that has failed can be tried, that is said', async () => {
		await start({ policy: { breaker: { failureThreshold: 1 }, whenAllDenied: 'try-soonest' } });
		breakwater.upstream('b').always(status(503));
		await call({ model: 'b/model-b' });
		breakwater.upstream('a').always(status(401));
		await call();
		const [opened] = await told(1);
		expect(opened?.profiles).toEqual([{ profile: 'default', goesOnWith: [] }]);
		expect(opened?.text).toContain('Profile default has no other target left: its requests fail until one works again');
		expect(await ready()).toMatchObject({ profiles: { default: false } });
	});
});

test('of two hundred keys that die at once, a slow receiver is told of every one, and when it was', async () => {
	const numbers = Array.from({ length: 100 }, (_, index) => index + 1);
	const names = ['a', 'b'].flatMap((name) => numbers.map((number) => `${name}#${number}`));
	const apiKey = numbers.map((number) => `key-${number}`);
	await start(
		{ providers: { a: { apiKey }, b: { apiKey } }, policy: { onError: { AUTH_ERROR: { then: 'fail' } } } },
		{},
	);
	const letGo = holdBack();
	for (const name of ['a', 'b']) breakwater.upstream(name).always(status(401));
	const startedAt = Math.floor(Date.now() / 1000) * 1000;
	for (let calls = 0; calls < 200; calls += 1) await call();
	letGo();
	await soon(() => expect(outcomes.filter((outcome) => outcome === '1 delivered')).toHaveLength(200));
	await soon(() => expect(outcomes).toHaveLength(400));
	const bodies = (format: string) => receiver.requests.filter(({ path }) => path.startsWith(`/v1/${format}`));
	expect(bodies('json')).toHaveLength(3);

	const told = bodies('json').flatMap(({ json }) => {
		const { incidents, ...alone } = json as Notification & { incidents?: Notification[] };
		return incidents ?? [alone];
	});
	expect(told.map(({ provider }) => provider).sort()).toEqual(names.sort());
	for (const { event, at } of told) {
		expect(event).toBe('incident.opened');
		expect(Date.parse(String(at))).toBeGreaterThanOrEqual(startedAt);
	}
	const gathered = bodies('json').flatMap(({ json }) => {
		const body = json as Notification;
		return body.event === 'incidents.gathered' ? [body] : [];
	});
	expect(gathered).toHaveLength(2);
	for (const { title, text, incidents } of gathered) {
		const count = (incidents as unknown[]).length;
		expect(title).toBe(`${count} notifications at once: ${count} opened`);
		expect(text.split('\n')).toHaveLength(count + 2);
	}

	const slack = bodies('slack').map(({ json }) => json as { text: string; blocks: object[] });
	const texts = slack.map(({ text }) => text).join();
	const blocksText = JSON.stringify(slack.map(({ blocks }) => blocks));
	for (const name of names) {
		expect(texts).toContain(`${name}: key rejected`);
		expect(blocksText).toContain(`${name}: key rejected`);
	}
	for (const { json } of bodies('slack')) {
		const { text, blocks } = json as { text: string; blocks: { text?: { text: string } }[] };
		expect(text.length).toBeLessThan(40_000);
		expect(text).toMatch(/20\d\d-\d\d-\d\dT[\d:]+Z/);
		expect(blocks.length).toBeLessThanOrEqual(50);
		for (const block of blocks) expect(block.text?.text.length ?? 0).toBeLessThanOrEqual(3000);
	}
	expect(warnings).toEqual([]);
});

test('an incident that is over before it could be told is one message, with both of its times', async () => {
	await start({ names: ['a', 'b'] }, {});
	const letGo = holdBack();
	for (const name of ['a', 'b']) breakwater.upstream(name).always(status(401));
	await call({ model: 'b/model-b' });
	await soon(() => expect(receiver.requests).toHaveLength(2));
	for (let times = 0; times < 3; times += 1) {
		await call({ model: 'a/model-a' });
		reset('a');
	}
	letGo();
	const [, only] = await told(2);
	expect(only).toMatchObject({ event: 'incident.reset', provider: 'a', until: null });
	expect(only?.what).toMatch(
		/ It began at 20\S+Z \(AUTH_ERROR, status 401\), which could not be reported before\. 2 more like it began and ended before that\.$/,
	);
	await soon(() => expect(outcomes).toHaveLength(4));
	expect(receiver.requests).toHaveLength(4);
});

test('what is given up at the end is named', async () => {
	await start({ names: ['a'], providers: { a: { apiKey: ['one', 'two', 'three'] } } });
	receiver.always(hangs());
	breakwater.upstream('a').always(status(401));
	for (let calls = 0; calls < 3; calls += 1) await call();
	await soon(() => expect(receiver.requests).toHaveLength(2));
	await notifications.close(0);
	const dropped = warnings.filter(({ text }) => text === 'notifications were dropped undelivered');
	expect(dropped).toHaveLength(2);
	expect(dropped[0]?.line).toMatchObject({
		webhook: expect.any(Number),
		incidents: [expect.stringMatching(/^opened auth\/a#2\//), expect.stringMatching(/^opened auth\/a#3\//)],
	});
	expect(outcomes.filter((outcome) => outcome === '1 dropped')).toHaveLength(2);
});

test('once per incident, whatever comes after it, and again when a probe proves it over', async () => {
	await start({ names: ['a'] });
	breakwater.upstream('a').always(status(401));
	for (let probes = 0; probes < 4; probes += 1) {
		for (let calls = 0; calls < 3; calls += 1) await call();
		probe('a');
	}
	breakwater.upstream('a').always(answers('ok'));
	await call();
	const [opened, over] = await told(2);
	expect([opened?.event, over?.event]).toEqual(['incident.opened', 'incident.recovered']);
	expect(over).toMatchObject({ incident: opened?.incident, title: 'Over: a: key rejected', action: '', until: null });
	expect(over?.text).toMatch(
		/^Provider a answers again, after \d+ s\. In the configuration: providers\.a\.apiKey\. It takes part again in default\.$/,
	);
});

test('a model that is gone, and its return by an answer', async () => {
	await start({ policy: { breaker: { modelCooldown: '30s' } } });
	const gone = status(404, { error: { message: 'The model does not exist', code: 'model_not_found' } });
	breakwater.upstream('a').always(gone);
	for (let calls = 0; calls < 3; calls += 1) await call();
	const [opened] = await told(1);
	expect(opened).toMatchObject({ kind: 'model', model: 'model-a', source: 'profiles.default.chain[0]', status: 404 });
	expect(opened?.text).toMatch(
		/does not offer model model-a to us .*does not ask a for model-a until .*Profile default goes on with b\/model-b\..*check the name of the model/,
	);
	breakwater.upstream('a').always(answers('ok'));
	vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 31_000 });
	expect(await call().finally(() => vi.useRealTimers())).toContain('model-a');
	expect((await told(2))[1]).toMatchObject({
		event: 'incident.recovered',
		incident: opened?.incident,
		title: 'Over: a/model-a: model not available',
		what: expect.stringMatching(/^Provider a has answered with model model-a again, after \d+ s\.$/),
	});
});

test('an operator who resets a provider is told what that proves: nothing yet', async () => {
	await start({ names: ['a'] });
	breakwater.upstream('a').always(status(401));
	await call();
	reset('a');
	await call();
	const events = await told(3);
	expect(events.map(({ event }) => event)).toEqual(['incident.opened', 'incident.reset', 'incident.opened']);
	expect(events[1]?.text).toContain('the next request will show whether it works');
	expect(events[2]?.incident).not.toBe(events[0]?.incident);
});

test('a reminder, while it lasts', async () => {
	await start({ names: ['a'] }, { reminder: '30ms' });
	breakwater.upstream('a').next(status(402));
	await call();
	await soon(() => expect(receiver.requests.length).toBeGreaterThan(6));
	reset('a');
	const told = () => receiver.requests.filter(({ path }) => path.includes('json'));
	await soon(() => expect(told().at(-1)?.text).toContain('Reset'));
	const json = told().map(({ json }) => json as Notification);
	expect(new Set(json.map(({ incident }) => incident)).size).toBe(1);
	expect(json.map(({ event }) => event)).toEqual([
		'incident.opened',
		...json.slice(2).map(() => 'incident.reminder'),
		'incident.reset',
	]);
	expect(json[1]?.title).toBe('Still: a: quota exhausted');
});

test('a provider that is down for plain failures, where that is wanted', async () => {
	await start({ policy: { breaker: { failureThreshold: 1 } } }, { downAfter: '20ms' });
	breakwater.upstream('a').always(status(503));
	await call();
	const [down] = await told(1);
	expect(down).toMatchObject({ kind: 'down', provider: 'a', category: 'SERVER_ERROR', status: 503 });
	expect(down?.text).toMatch(/keeps failing; its last failure was SERVER_ERROR\S*, status 503, asked for model-a/);
});

test("Slack's format: a text, blocks within its limits, and no markup of ours or of a name's", async () => {
	await start({ names: ['a'], profiles: { default: { chain: [`a/<!channel>&${'x'.repeat(480)}`] } } });
	breakwater.upstream('a').next(status(404, { error: { code: 'model_not_found' } }));
	await call();
	const [message] = (await told(1, 'slack')) as unknown as {
		text: string;
		blocks: { type: string; text?: { type: string; text: string }; elements?: { text: string }[] }[];
	}[];
	expect(Object.keys(message ?? {})).toEqual(['text', 'blocks']);
	expect(message?.text).toMatch(/^:rotating_light: a\/&lt;!channel&gt;/);
	expect(message?.blocks[2]?.elements?.[0]?.text).toMatch(
		/^Breakwater, 20\d\d-\d\d-\d\dT[\d:]+Z; since 20\S+Z; incident /,
	);
	expect(message?.blocks.map(({ type, text }) => [type, text?.type])).toEqual([
		['header', 'plain_text'],
		['section', 'mrkdwn'],
		['context', undefined],
	]);
	const [header, section] = message?.blocks ?? [];
	expect(header?.text?.text.length).toBeLessThanOrEqual(150);
	expect(section?.text?.text.length).toBeLessThanOrEqual(3000);
	expect(message?.text.length).toBeLessThanOrEqual(3000);
	const withMarkup = [message?.text, section?.text?.text, message?.blocks[2]?.elements?.[0]?.text];
	for (const text of withMarkup) expect(text).toMatch(/&lt;!channel&gt;&amp;x+/);
	expect(withMarkup.join()).not.toContain('<!channel>');
});

test('no request waits for a receiver, and a failed delivery is one warning without the address', async () => {
	await start({ names: ['a'] }, {}, 400);
	receiver.always(hangs());
	breakwater.upstream('a').always(status(401));
	await call();
	expect([warnings, outcomes]).toEqual([[], []]);
	await soon(() => expect(warnings).toHaveLength(2));
	const { origin } = new URL(receiver.baseUrl);
	expect(warnings).toContainEqual({
		line: {
			webhook: 1,
			origin,
			incidents: [expect.stringMatching(/^opened auth\/a\/\d+$/)],
			attempts: 3,
			why: 'TimeoutError',
		},
		text: 'a notification could not be delivered',
	});
	expect(outcomes.sort()).toEqual(['1 failed', '2 failed']);
	expect(JSON.stringify(warnings)).not.toContain('PLANTED-TOKEN');
	receiver.always(status(204, ''));
	reset('a');
	await soon(() => expect(outcomes).toContain('1 delivered'));
	expect(warnings).toHaveLength(2);
});

test('keys, prompts, answers, and what providers say are in no notification and in no warning', async () => {
	const secrets = [
		'planted-key-8f3a',
		'PLANTED-HEADER',
		'PLANTED-PROMPT',
		'PLANTED-ANSWER',
		'PLANTED-ERROR',
		'PLANTED-TOKEN',
	];
	const [key = '', header = '', prompt = '', answer = '', words = ''] = secrets;
	await start(
		{ names: ['a'], providers: { a: { apiKey: key, headers: { 'x-api-key': header } } } },
		{ reminder: '40ms', downAfter: '1ms' },
		300,
	);
	const echo = { error: { message: `${words}: ${key} ${header} ${prompt}`, code: words, type: words, param: prompt } };
	receiver.next(status(500, `${words} ${key}`), hangs());
	for (const code of [401, 402, 403, 404, 429, 500, 503]) {
		const body = code === 404 ? { error: { ...echo.error, code: 'model_not_found' } } : echo;
		breakwater.upstream('a').next(status(code, body, { 'x-request-id': key, 'retry-after': '30' }), answers(answer));
		for (let calls = 0; calls < 2; calls += 1) await call({ messages: [{ role: 'user', content: prompt }] });
		await new Promise((resolve) => setTimeout(resolve, 10));
		reset('a');
	}
	await soon(() => expect(receiver.requests.length).toBeGreaterThan(15));
	const events = new Set(receiver.requests.flatMap(({ json }) => (json as Notification).event ?? []));
	expect([...events].sort()).toEqual(expect.arrayContaining(['incident.opened', 'incident.reset']));
	const output = [...receiver.requests.map(({ text }) => text), JSON.stringify(warnings)].join('\n');
	for (const secret of secrets) expect(output).not.toContain(secret);
});

test('without webhooks there is nothing to listen to', async () => {
	await start();
	const { observer, close } = createNotifications(read(smallest), { log: { warn: () => {} } });
	expect(observer).toEqual({});
	await close(0);
});
