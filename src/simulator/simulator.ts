import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text as readText } from 'node:stream/consumers';
import type { Simulation, SimulationStep } from '../contract/simulation.ts';
import { clock } from '../values/clock.ts';
import { tokensFor } from './answer.ts';
import { assertSimulation, longestTimerMs } from './assert-simulation.ts';
import { refusalBody } from './errors.ts';
import { perform, sendJson } from './perform.ts';
import { endOf, passRequest, passTime, startOf, stepAt } from './script.ts';
import { isBadRequest, readSimulatedRequest } from './simulated-request.ts';

/** A provider that exists only in this process, on a real socket. */
export interface Simulator {
	readonly name: string;
	/** As a provider's `baseUrl`: `http://127.0.0.1:43210/v1`. */
	readonly baseUrl: string;
	/** What it would do to a chat request now. */
	step(): SimulationStep;
	/** Chat requests seen so far, without the malformed ones, which do not move the script either. */
	readonly requestCount: number;
	/** Drops every connection at once, hung ones included. May be called again. */
	close(): Promise<void>;
}

export interface SimulatorOptions {
	/** The clock of the script, ms; the default is the process's. Tokens are paced by real timers all the same. */
	now?: () => number;
	/** Called with each step that begins, with the first at once. A step that no request could meet is left out. */
	onStep?: (step: SimulationStep) => void;
}

/**
 * Starts a simulated provider on a free loopback port. It speaks OpenAI's `POST /v1/chat/completions`, streaming or
 * not, and `GET /v1/models`; any model name and any key will do. Faults of the script happen to chat requests only.
 * @throws RangeError when the simulation holds a number that cannot be simulated.
 */
export async function startSimulator(
	name: string,
	simulation: Simulation,
	options: SimulatorOptions = {},
): Promise<Simulator> {
	assertSimulation(name, simulation);
	const { now = () => clock.now(), onStep } = options;
	const { script, firstToken, tokenInterval } = simulation;
	const startedAt = now();
	let cursor = startOf(startedAt);
	let requestCount = 0;
	let announcer: NodeJS.Timeout | undefined;

	/** Takes over a new place in the script and tells of the step if it is another one. */
	function moveTo(place: typeof cursor): void {
		const hasChanged = place.index !== cursor.index;
		cursor = place;
		if (hasChanged) onStep?.(stepAt(script, cursor));
	}

	/** Looks at the clock when the step is due to end, so that `onStep` speaks without a request too. */
	function announceOnTime(): void {
		clearTimeout(announcer);
		const dueInMs = endOf(script, cursor) - now();
		if (onStep === undefined || dueInMs === Number.POSITIVE_INFINITY) return;
		announcer = setTimeout(
			() => {
				moveTo(passTime(script, cursor, now()));
				announceOnTime();
			},
			Math.min(Math.max(dueInMs, 1), longestTimerMs),
		).unref();
	}

	async function chat(incoming: IncomingMessage, response: ServerResponse, over: AbortSignal): Promise<void> {
		const parsed = readSimulatedRequest(await readText(incoming));
		if (isBadRequest(parsed)) return sendJson(response, 400, refusalBody(parsed));
		const at = now();
		moveTo(passTime(script, cursor, at));
		const present = stepAt(script, cursor);
		const isConcerned = present.model === undefined || present.model === parsed.model;
		const step: SimulationStep = isConcerned ? present : { do: 'answer' };
		requestCount += 1;
		const answer = {
			id: `chatcmpl-${name}-${requestCount}`,
			created: Math.floor(at / 1000),
			...tokensFor({ ...simulation, name }, parsed),
		};
		if (isConcerned) moveTo(passRequest(script, cursor, at));
		announceOnTime();
		await perform({ chat: parsed, answer, firstToken, tokenInterval, response, over }, step);
	}

	async function route(incoming: IncomingMessage, response: ServerResponse, over: AbortSignal): Promise<void> {
		const { method, url = '' } = incoming;
		const [path] = url.split('?');
		if (method === 'POST' && path === '/v1/chat/completions') return chat(incoming, response, over);
		if (method === 'GET' && path === '/v1/models') return sendJson(response, 200, modelList(name, startedAt));
		const message = 'A simulated provider knows only POST /v1/chat/completions and GET /v1/models.';
		sendJson(response, 404, refusalBody({ message, param: null }));
	}

	const server = createServer((incoming, response) => {
		const over = new AbortController();
		response.on('close', () => over.abort());
		route(incoming, response, over.signal).catch(() => {
			// Only a client that leaves gets here: its body ended early, or `over` stopped the answer.
			incoming.socket.destroy();
		});
	});
	server.listen(0, '127.0.0.1');
	await once(server, 'listening');
	onStep?.(stepAt(script, cursor));
	announceOnTime();

	return {
		name,
		baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
		step() {
			moveTo(passTime(script, cursor, now()));
			return stepAt(script, cursor);
		},
		get requestCount() {
			return requestCount;
		},
		close() {
			clearTimeout(announcer);
			return new Promise((done) => {
				server.close(() => done());
				server.closeAllConnections();
			});
		},
	};
}

/** Any model is simulated; the list names one, because a list without models reads like a failure. */
function modelList(name: string, startedAt: number) {
	const model = { id: 'simulated', object: 'model', created: Math.floor(startedAt / 1000), owned_by: name };
	return { object: 'list', data: [model] };
}
