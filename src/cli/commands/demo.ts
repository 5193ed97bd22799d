import { setTimeout as sleep } from 'node:timers/promises';
import { loadConfig } from '../../config/load.ts';
import type { CallRecord } from '../../contract/call-record.ts';
import { createGateway, type Gateway } from '../../gateway/gateway.ts';
import { createServer } from '../../http/server.ts';
import { traceLine } from '../../observe/trace-text.ts';
import { demoConfigFile, version } from '../../values/package-paths.ts';
import { UserError } from '../../values/user-error.ts';
import { onReaderGone } from './output.ts';
import { scriptText } from './script-text.ts';

const DURATION_MS = 18_000;
const INTERVAL_MS = 250;

/** What one request of the demo saw. */
interface DemoAnswer {
	isWhole: boolean;
	servedBy: string;
	ms: number;
}

/**
 * Rehearses an outage: a steady load over real HTTP while one provider fails in several ways and recovers. Prints what
 * each request saw.
 * @throws UserError when an answer was lost, which is what Breakwater is there to prevent
 */
export async function demo(): Promise<void> {
	onReaderGone(() => process.exit());
	const config = loadConfig(demoConfigFile, {});
	const traces = new Map<string, string>();
	const gateway = await createGateway(config, {
		callEnded: ({ id, trace }: CallRecord) => traces.set(id, traceLine(trace)),
		providerChanged: (id, from, to) => print(`        ${id}: ${from} → ${to}`),
	});
	const server = createServer(gateway, { ...config.server, routing: config.routing, version });
	const address = await server.listen({ host: '127.0.0.1', port: 0 });
	describe(gateway, config.providers);
	try {
		summarize(await run(address, traces));
	} finally {
		await server.close();
		await gateway.close();
	}
}

function describe(gateway: Gateway, providers: ReturnType<typeof loadConfig>['providers']): void {
	print('An outage, rehearsed against SIMULATED providers on loopback. No key, no traffic beyond this machine.');
	for (const { name, simulate } of Object.values(providers)) print(`  ${name} ${scriptText(simulate?.script ?? [])}`);
	print(
		`  every request goes to profile ${gateway.defaultProfile}: ${gateway.targets.map(({ target }) => target).join(' → ')}`,
	);
	print('');
	print('   at  request           took  trace');
}

async function run(address: string, traces: ReadonlyMap<string, string>): Promise<DemoAnswer[]> {
	const startedAt = performance.now();
	const running: Promise<DemoAnswer>[] = [];
	for (let number = 1; performance.now() - startedAt < DURATION_MS; number++) {
		running.push(request(address, number, startedAt, traces));
		await sleep(INTERVAL_MS);
	}
	return Promise.all(running);
}

async function request(
	address: string,
	number: number,
	startedAt: number,
	traces: ReadonlyMap<string, string>,
): Promise<DemoAnswer> {
	const stream = number % 2 === 0;
	const sentAt = performance.now();
	const response = await fetch(`${address}/v1/chat/completions`, {
		method: 'POST',
		headers: { 'content-type': 'application/json' },
		body: JSON.stringify({ model: 'default', messages: [{ role: 'user', content: `Request ${number}` }], stream }),
	});
	const text = await response.text();
	const ms = Math.round(performance.now() - sentAt);
	const isWhole = response.ok && (stream ? text.endsWith('data: [DONE]\n\n') : text.includes('"finish_reason":"stop"'));
	const at = ((performance.now() - startedAt) / 1000).toFixed(1).padStart(5);
	const kind = stream ? 'streamed' : 'whole   ';
	const trace = traces.get(response.headers.get('x-breakwater-request-id') ?? '') ?? '';
	print(
		`${at}s #${String(number).padEnd(3)} ${kind} ${isWhole ? 'ok  ' : 'LOST'} ${String(ms).padStart(5)} ms  ${trace}`,
	);
	return { isWhole, servedBy: response.headers.get('x-breakwater-target') ?? 'nobody', ms };
}

function summarize(seen: readonly DemoAnswer[]): void {
	const lost = seen.filter(({ isWhole }) => !isWhole).length;
	const servers = Map.groupBy(seen, ({ servedBy }) => servedBy);
	const times = seen.map(({ ms }) => ms).sort((a, b) => a - b);
	const served = [...servers].map(([target, { length }]) => `${length} by ${target}`).join(', ');
	print('');
	print(`${seen.length} requests: ${seen.length - lost} whole answers (${served}), ${lost} lost.`);
	print(`Median ${times[Math.floor(times.length / 2)]} ms, slowest ${times.at(-1)} ms.`);
	if (lost > 0) throw new UserError(`${lost} of ${seen.length} requests got no whole answer.`);
}

function print(line: string): void {
	process.stdout.write(`${line}\n`);
}
