import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, type TestContext, test } from 'vitest';
import { Commands } from '../../helpers/command.ts';
import { configText, messages, soon } from '../../helpers/gateway.ts';
import { answers, hangs, startUpstream, status, type Upstream } from '../../helpers/upstream.ts';
import { scrape, valuesOf } from '../metrics/scrape.ts';

/** What a test has to itself, as these wait more than they work, and do so side by side. */
interface Place {
	readonly commands: Commands;
	readonly provider: Upstream;
	readonly receiver: Upstream;
}

async function place({ onTestFinished }: TestContext): Promise<Place> {
	const commands = new Commands();
	onTestFinished(() => commands.end());
	const [provider, receiver] = [await startUpstream(), await startUpstream()];
	onTestFinished(async () => void (await Promise.all([provider.close(), receiver.close()])));
	return { commands, provider, receiver };
}

const secrets = ['planted-key-8f3a', 'PLANTED-PROMPT', 'PLANTED-ERROR', 'PLANTED-TOKEN', 'PLANTED-HEADER'];
const [key = '', prompt = '', words = '', token = '', header = ''] = secrets;

/** A whole process in front of the one provider, whose incidents go to the one receiver. */
function start({ commands, provider, receiver }: Place) {
	const text = configText(
		{
			providers: { a: { apiKey: key } },
			policy: { breaker: { authCooldown: '50ms' } },
			notifications: { webhooks: [{ url: ['$', '{HOOK}'].join(''), headers: { authorization: header } }] },
		},
		{ a: provider.baseUrl },
	);
	writeFileSync(join(commands.folder, 'my.yaml'), text);
	const env = { LOG_LEVEL: 'debug', HOOK: `${receiver.baseUrl}/hook/${token}` };
	return commands.startWith(env, 'serve', '--config', 'my.yaml', '--no-check');
}

async function post(address: string): Promise<number> {
	const body = JSON.stringify({ messages: [...messages, { role: 'user', content: prompt }] });
	const headers = { 'content-type': 'application/json' };
	const response = await fetch(`${address}/chat/completions`, { method: 'POST', headers, body });
	await response.text();
	return response.status;
}

test.concurrent('a real process: a dead key is logged, counted and told, and so is its recovery', async (context) => {
	const at = await place(context);
	const { provider, receiver } = at;
	const command = start(at);
	const address = await command.address();
	const origin = address.replace('/v1', '');
	const echo = { error: { message: `${words} ${key} ${prompt}`, code: words } };
	provider.next(status(401, echo));
	receiver.next(status(503, words));
	expect(await post(address)).toBe(502);

	await soon(() => expect(receiver.requests).toHaveLength(2));
	expect(receiver.requests[1]?.headers.authorization).toBe(header);
	expect(receiver.requests[1]?.json).toMatchObject({
		event: 'incident.opened',
		kind: 'auth',
		provider: 'a',
		source: 'providers.a.apiKey',
		status: 401,
	});
	await soon(async () =>
		expect(valuesOf(await scrape(origin), 'breakwater_notifications_total')).toEqual({
			'{outcome="delivered",webhook="1"}': 1,
		}),
	);
	expect(valuesOf(await scrape(origin), 'breakwater_alarms_total')).toEqual({
		'{alarm="auth",gen_ai_provider_name="a",provider="a"}': 1,
	});

	provider.always(answers('ok'));
	await soon(async () => expect(await post(address)).toBe(200));
	await soon(() => expect(receiver.requests).toHaveLength(3));
	expect(receiver.requests[2]?.json).toMatchObject({ event: 'incident.recovered' });
	expect(valuesOf(await scrape(origin), 'breakwater_provider_state')).toEqual({
		'{gen_ai_provider_name="a",provider="a",state="closed"}': 1,
	});

	const metrics = await (await fetch(`${origin}/metrics`)).text();
	command.kill('SIGTERM');
	expect(await command.exit).toBe(0);
	expect(command.stderr.match(/"level":50/g)).toHaveLength(1);
	const told = receiver.requests.map(({ text }) => text).join('\n');
	for (const secret of secrets) expect(command.stdout + command.stderr + metrics + told).not.toContain(secret);
});

test.concurrent('a stop waits for a notification that is on its way', async (context) => {
	const at = await place(context);
	const { provider, receiver } = at;
	provider.next(status(401));
	let isTold = false;
	receiver.next(async ({ end }) => {
		await new Promise((resolve) => setTimeout(resolve, 300));
		await end();
		isTold = true;
	});
	const command = start(at);
	await post(await command.address());
	await soon(() => expect(receiver.requests).toHaveLength(1));
	command.kill('SIGTERM');
	expect(await command.exit).toBe(0);
	expect(isTold).toBe(true);
	expect(command.stderr).not.toMatch(/could not be delivered/);
});

test.concurrent('and for no receiver that never answers', async (context) => {
	const at = await place(context);
	const { provider, receiver } = at;
	provider.next(status(401));
	receiver.always(hangs());
	const command = start(at);
	await post(await command.address());
	await soon(() => expect(receiver.requests).toHaveLength(1));
	const startedAt = performance.now();
	command.kill('SIGTERM');
	expect(await command.exit).toBe(0);
	expect(performance.now() - startedAt).toBeLessThan(6000);
	expect(command.stderr).toMatch(
		/"webhook":1,"origin":"http:\/\/127\.0\.0\.1:\d+".*a notification could not be delivered/,
	);
	expect(command.stderr).not.toContain(token);
});
