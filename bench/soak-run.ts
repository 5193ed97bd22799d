import type { ChildProcess } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { Agent } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { stringify } from 'yaml';
import { end, freePort, start, untilReady } from './children.ts';
import { residentMB } from './machine.ts';
import { askFor } from './soak-client.ts';
import { judge, type Outcome } from './soak-judge.ts';
import { type ProviderName, planStream, providerNames } from './soak-plan.ts';
import { type AttemptRecord, type Attempts, SoakProvider } from './soak-provider.ts';

export interface SoakOptions {
	seed: number;
	/** How many streams are open at a time. */
	streams: number;
	/** No stream begins later than this, s. */
	seconds: number;
	/** Runs this stream alone, once. */
	only?: number | undefined;
	/** Exists; for the configuration and the log of the gateway. */
	directory: string;
}

/** How often each outcome came. */
export type Tally = Map<string, Partial<Record<Outcome, number>>>;

export interface WrongReport {
	number: number;
	mistake: string;
	profile: string;
	kind: string;
	attempts: readonly AttemptRecord[];
	reply: string;
}

export interface SoakResult {
	/** By the kind of answer and how it was asked for, by what went wrong first, and by how the first model went on that
	 * was asked to. */
	tallies: { kind: Tally; delivery: Tally; fault: Tally; behaviour: Tally };
	wrong: readonly WrongReport[];
	/** VmRSS of the gateway, MB; undefined where the system does not say. */
	residentMB: { start: number | undefined; middle: number | undefined; end: number | undefined };
	/** Exchanges that the gateway had left open at the providers when every client was gone. */
	openExchanges: number;
	/** Connections to the providers that stood when the gateway had ended. */
	openSockets: number;
	/** Of the gateway, asked to end by SIGTERM; null when it had to be killed. */
	exitCode: number | null;
	/** Faults of its own that the gateway logged. */
	crashes: number;
}

/** So long the gateway may take to notice that a client or a provider has gone, ms. */
const SETTLE_MS = 3000;

/** A client that was refused asks again after this, ms; at once, they would be most of what there is to count. */
const REFUSED_PAUSE_MS = 300;

/** Runs a Breakwater process between clients and providers of this process, and checks every answer. */
export async function runSoak(options: SoakOptions): Promise<SoakResult> {
	const { seed, directory } = options;
	const attempts: Attempts = new Map();
	const providers = await Promise.all(providerNames.map((name) => SoakProvider.start(name, seed, attempts)));
	const port = await freePort();
	const logFile = join(directory, 'gateway.log');
	const configFile = join(directory, 'soak.yaml');
	writeFileSync(configFile, configText(providers.map(({ baseUrl }) => baseUrl)));
	const program = join(import.meta.dirname, '../src/cli.ts');
	const command = [process.execPath, program, 'serve', '--config', configFile, '--port', String(port)];
	const gateway = start({ command, logFile, env: { ...process.env, LOG_LEVEL: 'error' }, core: undefined });
	try {
		await untilReady(gateway, port, '/health', logFile);
		const { pid = 0 } = gateway;
		const atStart = residentMB(pid);
		let atMiddle: number | undefined;
		const middle = setTimeout(() => {
			atMiddle = residentMB(pid);
		}, options.seconds * 500);
		const judged = await runStreams(options, port, attempts);
		clearTimeout(middle);
		const openExchanges = await untilZero(() => sumOf(providers, ({ openExchanges }) => openExchanges));
		const atEnd = residentMB(pid);
		await end(gateway);
		const openSockets = await untilZero(() => sumOf(providers, ({ openSockets }) => openSockets));
		return {
			...judged,
			residentMB: { start: atStart, middle: atMiddle, end: atEnd },
			openExchanges,
			openSockets,
			exitCode: gateway.exitCode,
			crashes: readFileSync(logFile, 'utf8').split('a fault of Breakwater itself').length - 1,
		};
	} finally {
		await endQuietly(gateway);
		for (const provider of providers) provider.close();
	}
}

async function endQuietly(gateway: ChildProcess): Promise<void> {
	if (gateway.exitCode === null && gateway.signalCode === null) await end(gateway);
}

async function runStreams(options: SoakOptions, port: number, attempts: Attempts) {
	const { seed, streams, seconds, only } = options;
	const agent = new Agent({ keepAlive: true });
	const tallies = { kind: new Map(), delivery: new Map(), fault: new Map(), behaviour: new Map() } satisfies Record<
		string,
		Tally
	>;
	const wrong: WrongReport[] = [];
	const endsAtMs = performance.now() + seconds * 1000;
	let next = 0;
	const runOne = async (number: number) => {
		const plan = planStream(seed, number);
		const reply = await askFor(plan, port, agent);
		const seen = attempts.get(number) ?? [];
		attempts.delete(number);
		const { outcome, mistake } = judge(seed, plan, reply, seen);
		count(tallies.kind, plan.kind, outcome);
		count(tallies.delivery, plan.delivery, outcome);
		count(tallies.fault, seen[0]?.plan.fault ?? 'never asked', outcome);
		const continuation = seen.find(({ askedAs }) => askedAs !== 'fresh');
		if (continuation !== undefined) count(tallies.behaviour, continuation.plan.behaviour, outcome);
		const { profile, kind } = plan;
		if (outcome === 'refused') await sleep(REFUSED_PAUSE_MS);
		if (mistake !== undefined) wrong.push({ number, mistake, profile, kind, attempts: seen, reply: reply.text });
	};
	const work = async () => {
		while (performance.now() < endsAtMs) await runOne(next++);
	};
	if (only === undefined) await Promise.all(Array.from({ length: streams }, work));
	else await runOne(only);
	agent.destroy();
	return { tallies, wrong };
}

function count(tally: Tally, row: string, outcome: Outcome): void {
	const counts = tally.get(row) ?? {};
	counts[outcome] = (counts[outcome] ?? 0) + 1;
	tally.set(row, counts);
}

function sumOf(providers: readonly SoakProvider[], of: (provider: SoakProvider) => number): number {
	return providers.reduce((sum, provider) => sum + of(provider), 0);
}

async function untilZero(read: () => number): Promise<number> {
	const endsAtMs = performance.now() + SETTLE_MS;
	while (read() > 0 && performance.now() < endsAtMs) await sleep(20);
	return read();
}

/** Short times, and breakers that open and close all the while. */
function configText(baseUrls: readonly string[]): string {
	const facts: Partial<Record<ProviderName, object>> = {
		b: { models: { 'model-b': { prefill: true } } },
		d: { models: { 'model-d': { prefill: true } } },
	};
	const settings = { stream: {}, document: {}, patient: { streamUpstream: true }, complete: { commit: 'complete' } };
	const chains = providerNames.map((_, at) => [...providerNames.slice(at), ...providerNames.slice(0, at)]);
	const profiles = Object.entries(settings).flatMap(([delivery, fields]) =>
		chains.map((chain) => [
			`${delivery}-${chain[0]}`,
			{ chain: chain.map((name) => `${name}/model-${name}`), ...fields },
		]),
	);
	return stringify({
		server: { drainTimeout: '1s' },
		providers: Object.fromEntries(providerNames.map((name, at) => [name, { baseUrl: baseUrls[at], ...facts[name] }])),
		profiles: { default: { chain: ['a/model-a'] }, ...Object.fromEntries(profiles) },
		policy: {
			timeouts: { connect: '1s', firstToken: '400ms', idle: '400ms', response: '2s', request: '8s' },
			retry: { backoff: '20ms', maxBackoff: '100ms', maxRetryAfter: '1s' },
			breaker: {
				failureThreshold: 14,
				failureRate: 1,
				minimumVolume: 200,
				window: '5s',
				cooldown: '100ms',
				maxCooldown: '400ms',
				probes: 8,
				probeDeadline: '2s',
			},
			continuation: { keepAlive: '50ms' },
		},
	});
}
