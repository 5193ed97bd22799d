import type { AddressInfo } from 'node:net';
import OpenAI from 'openai';
import { vi } from 'vitest';
import { stringify } from 'yaml';
import type { Config } from '../../src/config/config.ts';
import { parseConfig } from '../../src/config/load.ts';
import type { CallRecord } from '../../src/contract/call-record.ts';
import type { FailureReport } from '../../src/contract/failure-report.ts';
import { type GatewayObserver, joinObservers } from '../../src/contract/observer.ts';
import type { ProviderHealth } from '../../src/contract/service.ts';
import { createGateway, type Gateway, type GatewayOptions } from '../../src/gateway/gateway.ts';
import { adminSources } from '../../src/http/admin/admin-sources.ts';
import { Load, type Machine } from '../../src/http/load/load.ts';
import { createServer } from '../../src/http/server.ts';
import { createMetrics } from '../../src/observe/metrics/metrics.ts';
import { RecentRequests, recentObserver } from '../../src/observe/recent-requests.ts';
import { startUpstream, type Upstream } from './upstream.ts';

export interface GatewaySetup {
	/** Names of the providers, each an upstream of its own; default `a`, `b`. Its model is `model-` and the name. */
	names?: readonly string[];
	/** Over `quickPolicy`, section by section. */
	policy?: Record<string, unknown>;
	/** Beside `default`, the chain of all providers in their order. */
	profiles?: Record<string, unknown>;
	/** By provider: fields such as `apiKey`, `models`, `policy`. */
	providers?: Record<string, Record<string, unknown>>;
	server?: Record<string, unknown>;
	budget?: object;
	errorRules?: readonly object[];
	notifications?: object;
	routing?: object;
	/** Others who listen. */
	observe?: (config: Config) => GatewayObserver;
	/** What the process is taken to have. */
	machine?: Machine;
	/** Those who look at the actors. */
	inspect?: GatewayOptions['inspect'];
	/** When keys that are fetched are renewed. */
	keyTiming?: GatewayOptions['keyTiming'];
}

export interface TestGateway {
	/** `http://127.0.0.1:43210`. */
	readonly origin: string;
	readonly gateway: Gateway;
	readonly load: Load;
	/** What the log would be told, in the order in which the calls ended. */
	readonly records: readonly CallRecord[];
	/** Faults that a real process would log. */
	readonly crashes: readonly unknown[];
	upstream(name: string): Upstream;
	/** `POST /v1/chat/completions`; an object is sent as JSON with `messages` in it, a text as it is. */
	post(body?: object | string, init?: RequestInit): Promise<Response>;
	health(): Promise<Record<string, ProviderHealth>>;
	/** The official client, without retries of its own. */
	readonly openai: OpenAI;
	close(): Promise<void>;
}

/** No retry, and no timeout that a busy machine could meet, unless a test says so. */
export const quickPolicy = {
	timeouts: { connect: '60s', firstToken: '60s', idle: '60s', response: '60s', request: '90s' },
	retry: { backoff: '5ms', maxBackoff: '20ms', maxRetryAfter: '1s' },
	breaker: { failureThreshold: 3, cooldown: '60s', cooldownJitter: 0 },
	onError: {
		SERVER_ERROR: { retries: 0 },
		NETWORK_ERROR: { retries: 0 },
		RATE_LIMIT: { retries: 0 },
		MODEL_UNAVAILABLE: { retries: 0 },
		UNKNOWN_TRANSIENT: { retries: 0 },
	},
};

export const messages = [{ role: 'user' as const, content: 'Hello' }];

/** The YAML of a gateway in front of these upstreams. */
export function configText(setup: GatewaySetup, baseUrls: Readonly<Record<string, string>>): string {
	const names = Object.keys(baseUrls);
	return stringify({
		server: { port: 0, ...setup.server },
		providers: Object.fromEntries(names.map((name) => [name, { baseUrl: baseUrls[name], ...setup.providers?.[name] }])),
		profiles: { default: { chain: names.map((name) => `${name}/model-${name}`) }, ...setup.profiles },
		policy: mergeSections(quickPolicy, setup.policy ?? {}),
		...(setup.budget !== undefined && { budget: setup.budget }),
		...(setup.errorRules !== undefined && { errorRules: setup.errorRules }),
		...(setup.routing !== undefined && { routing: setup.routing }),
		...(setup.notifications !== undefined && { notifications: setup.notifications }),
	});
}

/** Starts upstreams, and a whole Breakwater in front of them on a free loopback port. */
export async function startGateway(setup: GatewaySetup = {}): Promise<TestGateway> {
	const names = setup.names ?? ['a', 'b'];
	const upstreams = new Map<string, Upstream>();
	for (const name of names) upstreams.set(name, await startUpstream());
	const baseUrls = Object.fromEntries([...upstreams].map(([name, { baseUrl }]) => [name, baseUrl]));

	const config = parseConfig(configText(setup, baseUrls), { file: 'test.yaml', env: {} });
	const records: CallRecord[] = [];
	const crashes: unknown[] = [];
	const crashed = (error: unknown) => void crashes.push(error);
	const metrics = createMetrics(config, '0.0.0');
	const recent = new RecentRequests();
	const recorder = { callEnded: (record: CallRecord) => void records.push(record), crashed };
	const observer = joinObservers([recorder, metrics.observer, recentObserver(recent), setup.observe?.(config) ?? {}]);
	const { inspect, keyTiming } = setup;
	const gateway = await createGateway(config, observer, {
		...(inspect && { inspect }),
		...(keyTiming && { keyTiming }),
	});
	metrics.watch(() => gateway.health());
	const admin = adminSources(config, recent);
	const load = new Load(config.server.limits, setup.machine);
	metrics.watchLoad(() => load.figures);
	metrics.watchBudgets(() => gateway.budgets);
	const server = createServer(gateway, {
		...config.server,
		load,
		routing: config.routing,
		version: '0.0.0',
		onCrash: crashed,
		onRefused: (refused) => observer.callRefused?.(refused),
		onUnknownModel: (model, route) => observer.modelUnknown?.(model, route),
		metrics,
		admin,
	});
	await server.listen({ host: '127.0.0.1', port: 0 });
	const origin = `http://127.0.0.1:${(server.server.address() as AddressInfo).port}`;

	return {
		origin,
		gateway,
		load,
		records,
		crashes,
		upstream(name) {
			const upstream = upstreams.get(name);
			if (upstream === undefined) throw new Error(`the test started no upstream ${name}`);
			return upstream;
		},
		post: (body = {}, init = {}) =>
			fetch(`${origin}/v1/chat/completions`, {
				method: 'POST',
				...init,
				headers: { 'content-type': 'application/json', ...(init.headers as Record<string, string>) },
				body: typeof body === 'string' ? body : JSON.stringify({ messages, ...body }),
			}),
		health: async () => {
			const { providers } = (await (await fetch(`${origin}/health`)).json()) as {
				providers: Record<string, ProviderHealth>;
			};
			return providers;
		},
		openai: new OpenAI({ baseURL: `${origin}/v1`, apiKey: 'unused', maxRetries: 0 }),
		async close() {
			await gateway.close();
			server.server.closeAllConnections();
			await server.close();
			await Promise.all([...upstreams.values()].map((upstream) => upstream.close()));
		},
	};
}

/** The body of a failed reply. */
export async function failureOf(response: Response): Promise<FailureReport['body']> {
	return (await response.json()) as FailureReport['body'];
}

/** The text of an answer, streamed or not. */
export async function contentOf(response: Response): Promise<string> {
	const text = await response.text();
	if (!text.startsWith('data: ')) return JSON.parse(text).choices[0].message.content;
	const events = eventsOf(text);
	if (events.at(-1) !== '[DONE]') throw new Error(`the stream has no [DONE]: ${text}`);
	return events.slice(0, -1).map(deltaOf).join('');
}

/** The data of each event of an SSE text; comments are none. */
export function eventsOf(text: string): string[] {
	return text
		.split('\n\n')
		.filter((event) => event.startsWith('data: '))
		.map((event) => event.slice('data: '.length));
}

function deltaOf(data: string): string {
	const { choices } = JSON.parse(data) as { choices: { delta?: { content?: string } }[] };
	return choices[0]?.delta?.content ?? '';
}

/** Waits for something that is about to become true. */
export function soon<T>(check: () => T | Promise<T>, timeoutMs = 100_000): Promise<T> {
	return vi.waitFor(check, { interval: 5, timeout: timeoutMs });
}

function mergeSections(base: Record<string, unknown>, over: Record<string, unknown>): Record<string, unknown> {
	const merged = Object.entries(over).map(([name, value]) => {
		const below = base[name];
		return [name, isRecord(below) && isRecord(value) ? { ...below, ...value } : value];
	});
	return { ...base, ...Object.fromEntries(merged) };
}

function isRecord(value: unknown): value is Record<string, unknown> {
	return typeof value === 'object' && value !== null && !Array.isArray(value);
}
