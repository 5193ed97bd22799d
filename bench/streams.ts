import { setTimeout as sleep } from 'node:timers/promises';
import { monotonicMs, type Pace } from './chat.ts';
import { Connection, type Target } from './client.ts';
import { dialects } from './dialects.ts';
import { median, quantile } from './statistics.ts';

/** Connections opened at once; more would measure listen backlogs. */
const connectBatch = 50;

/** A token that arrives longer than this after it was due is late, ms. */
const lateAfterMs = 100;

/** How long streams may run on after their last token was due before the rest counts as lost, ms. */
const graceMs = 2000;

export interface FirstToken {
	/** Median from the sent request to the first token, one stream at a time, ms. */
	aloneMs: number;
	/** The same while 50 streams are open, ms. */
	crowdedMs: number;
}

export interface OpenStreams {
	/** Share of the tokens due that came later than 100 ms past due or never, 0 to 1. */
	lateShare: number;
	/** 99th percentile of how long past due the tokens came that did come, ms. */
	latenessP99Ms: number;
}

/**
 * How long the first token takes.
 * @param crowdedSeconds how long the 50 concurrent streams are kept up.
 * @throws when a stream is refused or breaks.
 */
export async function firstToken(target: Target, crowdedSeconds: number): Promise<FirstToken> {
	const connection = await Connection.open(target);
	const alone: number[] = [];
	const body = dialects[target.dialect].request({ tokens: 2, intervalMs: 5 });
	for (let i = 0; i < 20; i++) await timeFirstToken(connection, body);
	for (let i = 0; i < 100; i++) alone.push(await timeFirstToken(connection, body));
	connection.close();
	return { aloneMs: median(alone), crowdedMs: median(await crowded(target, crowdedSeconds)) };
}

async function crowded(target: Target, seconds: number): Promise<number[]> {
	const pace = { tokens: 20, intervalMs: 20 };
	const body = dialects[target.dialect].request(pace);
	const timesMs: number[] = [];
	const connections = await openConnections(target, 50);
	const endMs = monotonicMs() + seconds * 1000;
	await Promise.all(
		connections.map(async (connection, index) => {
			await sleep((index * pace.tokens * pace.intervalMs) / connections.length);
			while (monotonicMs() < endMs) timesMs.push(await timeFirstToken(connection, body));
		}),
	);
	for (const connection of connections) connection.close();
	return timesMs;
}

async function timeFirstToken(connection: Connection, body: string): Promise<number> {
	const sentMs = monotonicMs();
	let firstMs: number | undefined;
	await connection.stream(body, (_dueMs, nowMs) => {
		firstMs ??= nowMs;
	});
	if (firstMs === undefined) throw new Error('A stream ended without a token.');
	return firstMs - sentMs;
}

/**
 * Whether a system keeps up with many open streams: every token carries when it was due, and is late against that.
 * @param seconds length of each stream.
 * @throws when a connection cannot be opened. A stream that breaks only loses its tokens.
 */
export async function openStreams(
	target: Target,
	streams: number,
	tokensPerSecond: number,
	seconds: number,
): Promise<OpenStreams> {
	const pace = { tokens: Math.round(tokensPerSecond * seconds), intervalMs: 1000 / tokensPerSecond };
	const latenessMs: number[] = [];
	const connections = await openConnections(target, streams);
	const spreadMs = 500;
	const finished = connections.map(async (connection, index) => {
		await sleep((index * spreadMs) / streams);
		await connection.stream(dialects[target.dialect].request(pace), (dueMs, nowMs) => latenessMs.push(nowMs - dueMs));
	});
	const timeUp = new AbortController();
	await Promise.race([
		Promise.allSettled(finished),
		sleep(spreadMs + seconds * 1000 + graceMs, undefined, { signal: timeUp.signal }).catch(() => undefined),
	]);
	timeUp.abort();
	for (const connection of connections) connection.close();
	await Promise.allSettled(finished);
	const inTime = latenessMs.filter((lateness) => lateness <= lateAfterMs).length;
	return { lateShare: 1 - inTime / (streams * pace.tokens), latenessP99Ms: quantile(latenessMs, 0.99) };
}

let held: Connection[] = [];

/**
 * Opens streams of one token a second and keeps them open; resolves once each has its first token.
 * @throws when a stream breaks before that.
 */
export async function hold(target: Target, streams: number): Promise<void> {
	const pace: Pace = { tokens: 60, intervalMs: 1000 };
	held = await openConnections(target, streams);
	await Promise.all(
		held.map(
			(connection) =>
				new Promise<void>((resolve, reject) => {
					connection.stream(dialects[target.dialect].request(pace), () => resolve()).then(resolve, reject);
				}),
		),
	);
}

/** Hangs up every stream that `hold` opened. */
export async function release(): Promise<void> {
	for (const connection of held) connection.close();
	held = [];
}

async function openConnections(target: Target, count: number): Promise<Connection[]> {
	const connections: Connection[] = [];
	while (connections.length < count) {
		const batch = Math.min(connectBatch, count - connections.length);
		connections.push(...(await Promise.all(Array.from({ length: batch }, () => Connection.open(target)))));
	}
	return connections;
}
