import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { continuationInstruction } from '../src/dialects/openai-chat/continued-messages.ts';
import { answerOf } from './soak-answer.ts';
import { type AskedAs, continuation } from './soak-model.ts';
import { type AttemptPlan, type Behaviour, type ProviderName, planAttempt } from './soak-plan.ts';
import { Random } from './soak-random.ts';
import { documentText, type Performance, performStream, type Speech, usageOf } from './soak-wire.ts';

/** One attempt as its provider saw it. */
export interface AttemptRecord {
	provider: ProviderName;
	askedAs: AskedAs;
	plan: AttemptPlan;
	/** Characters of the answer that it was shown. */
	shown: number;
	/** What it was shown is not how the answer begins. */
	isShownWrong: boolean;
	/** What it used, if it may have said so. */
	usage: Record<string, number> | undefined;
	/** Its usage has arrived for certain. */
	isUsageSure: boolean;
}

interface ChatBody {
	messages: { role: string; content: string }[];
	stream?: boolean;
	stream_options?: { include_usage?: boolean };
}

/** A part of the bytes that is written at once. */
interface Piece {
	end: number;
	pauseMs: number;
}

/** A piece of an answer follows the last one after up to this, ms. */
const MOST_PAUSE_MS = 40;
/** Longer than the gateway waits for a first token, ms. */
const SLOW_START_MS = 600;

/** The attempts of all providers, by the number of the stream. */
export type Attempts = Map<number, AttemptRecord[]>;

/** One mock provider on raw sockets. It knows every right answer, and fails as the plan of each attempt says. */
export class SoakProvider {
	readonly #name: ProviderName;
	readonly #seed: number;
	readonly #attempts: Attempts;
	readonly #server: Server;
	readonly #sockets = new Set<Socket>();
	#openExchanges = 0;

	private constructor(name: ProviderName, seed: number, attempts: Attempts) {
		this.#name = name;
		this.#seed = seed;
		this.#attempts = attempts;
		this.#server = createServer((socket) => this.#serve(socket));
	}

	/** Listens on a free port of loopback. @param attempts where it records what it saw */
	static async start(name: ProviderName, seed: number, attempts: Attempts): Promise<SoakProvider> {
		const provider = new SoakProvider(name, seed, attempts);
		provider.#server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 });
		await once(provider.#server, 'listening');
		return provider;
	}

	get baseUrl(): string {
		return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/v1`;
	}

	/** Connections that stand, idle ones included. */
	get openSockets(): number {
		return this.#sockets.size;
	}

	/** Requests whose answer is neither whole nor given up by either side. */
	get openExchanges(): number {
		return this.#openExchanges;
	}

	close(): void {
		this.#server.close();
		for (const socket of this.#sockets) socket.destroy();
	}

	#serve(socket: Socket): void {
		let pending: Buffer = Buffer.alloc(0);
		this.#sockets.add(socket);
		socket.setNoDelay(true);
		socket.on('error', () => socket.destroy());
		socket.on('close', () => this.#sockets.delete(socket));
		socket.on('data', (piece: Buffer) => {
			pending = Buffer.concat([pending, piece]);
			const body = requestBody(pending);
			if (body === undefined) return;
			pending = Buffer.alloc(0);
			void this.#answer(socket, JSON.parse(body));
		});
	}

	async #answer(socket: Socket, body: ChatBody): Promise<void> {
		this.#openExchanges++;
		try {
			await this.#perform(socket, body);
		} finally {
			this.#openExchanges--;
		}
	}

	async #perform(socket: Socket, body: ChatBody): Promise<void> {
		const number = Number(/^Stream (\d+)/.exec(body.messages[0]?.content ?? '')?.[1]);
		const records = this.#attempts.get(number) ?? [];
		this.#attempts.set(number, records);
		const ordinal = records.length;
		const answer = answerOf(this.#seed, number);
		const plan = planAttempt(this.#seed, number, ordinal);
		const { shown, askedAs } = readConversation(body);
		const isShownWrong = !answer.text.startsWith(shown);
		const { length } = shown;
		const seen = { provider: this.#name, askedAs, plan, shown: length, isShownWrong };
		const record: AttemptRecord = { ...seen, usage: undefined, isUsageSure: false };
		const refusal = askedAs === 'fresh' ? undefined : refusalOf(this.#name, askedAs, plan.behaviour);
		records.push(record);
		if (refusal !== undefined) return send(socket, refusal);
		const bare = statusAnswer(plan);
		if (bare !== undefined) return send(socket, bare);
		if (plan.fault === 'reset at once') return void socket.resetAndDestroy();
		if (plan.fault === 'silence') return untilClosed(socket);

		const isStream = body.stream === true;
		const id = `chatcmpl-${number}-${ordinal}`;
		const text = askedAs === 'fresh' ? answer.text : continuation(answer, shown, askedAs, plan);
		const { tools, finish } = answer;
		const hasUsage = !isStream || body.stream_options?.include_usage === true;
		const speech: Speech = { id, model: `model-${this.#name}`, text, tools, finish, hasUsage };
		const random = new Random(this.#seed, number, 'bytes', ordinal);
		const performance = isStream ? performStream(speech, plan, random) : performDocument(speech, plan);
		const pieces = drawPieces(performance.bytes.length, random);
		const { hasToldUsage, finishStart, usageEnd } = performance;
		const isSplit = pieces.some(({ end }) => end >= finishStart && end < usageEnd);
		if (hasToldUsage !== 'no') record.usage = usageOf(speech);
		record.isUsageSure = hasToldUsage === 'yes' && !isSplit;
		if (plan.fault === 'slow first token') await pause(socket, SLOW_START_MS);
		await play(socket, performance, pieces, isStream, plan.isChunked);
	}
}

/** The body of a request that is whole; undefined while it is not. */
function requestBody(bytes: Buffer): string | undefined {
	const headEnd = bytes.indexOf('\r\n\r\n');
	if (headEnd === -1) return undefined;
	const length = Number(/\r\ncontent-length: *(\d+)/i.exec(bytes.toString('latin1', 0, headEnd))?.[1]);
	return bytes.length >= headEnd + 4 + length ? bytes.toString('utf8', headEnd + 4) : undefined;
}

function readConversation({ messages }: ChatBody): { shown: string; askedAs: AskedAs } {
	const [before, last] = messages.slice(-2);
	if (last?.role === 'assistant') return { shown: last.content, askedAs: 'prefill' };
	if (before?.role === 'assistant' && last?.content === continuationInstruction) {
		return { shown: before.content, askedAs: 'instruct' };
	}
	return { shown: '', askedAs: 'fresh' };
}

function refusalOf(name: ProviderName, askedAs: AskedAs, behaviour: Behaviour): string | undefined {
	if (askedAs === 'prefill' && name === 'd') {
		return status(400, { message: 'This model does not support assistant message prefill.' });
	}
	return behaviour === 'refuses' ? status(503, { message: 'The engine is currently overloaded.' }) : undefined;
}

/** Answers that are one status with one JSON text. */
function statusAnswer({ fault, where }: AttemptPlan): string | undefined {
	if (fault === '503') return status(503, { message: 'Service unavailable.' });
	if (fault === 'error under 200') return status(200, { message: 'Something broke.', type: 'server_error' });
	const header = `retry-after: ${where < 0.95 ? 1 : 2}\r\n`;
	return fault === '429' ? status(429, { message: 'Slow down.', code: 'rate_limit_exceeded' }, header) : undefined;
}

function status(code: number, error: object, headers = ''): string {
	const text = JSON.stringify({ error });
	const type = 'content-type: application/json';
	return `HTTP/1.1 ${code} Soak\r\n${type}\r\n${headers}content-length: ${Buffer.byteLength(text)}\r\n\r\n${text}`;
}

function performDocument(speech: Speech, { fault, end, where }: AttemptPlan): Performance {
	const text = documentText(speech);
	const bytes = Buffer.from(text);
	const whole = { finishStart: bytes.length, usageEnd: bytes.length };
	const isCut = fault.startsWith('cut ') || fault === 'empty stream' || fault === 'stall';
	const at = fault === 'empty stream' ? 0 : Math.floor(where * bytes.length);
	if (!isCut) return { bytes, then: 'done', hasToldUsage: 'yes', ...whole };
	return { bytes: bytes.subarray(0, at), then: fault === 'stall' ? 'stall' : end, hasToldUsage: 'no', ...whole };
}

function send(socket: Socket, answer: string): void {
	if (!socket.destroyed) socket.write(answer);
}

/** Where each piece of an answer ends, cut anywhere, and the pause before it. */
function drawPieces(length: number, random: Random): Piece[] {
	const ends = Array.from({ length: random.integer(1, 24) }, () => random.integer(0, length));
	return [...ends.sort((a, b) => a - b), length].map((end) => ({ end, pauseMs: random.integer(0, MOST_PAUSE_MS) }));
}

/** Sends it in its pieces, with pauses, until it is over or the gateway leaves. */
async function play(
	socket: Socket,
	performance: Performance,
	pieces: readonly Piece[],
	isStream: boolean,
	isChunked: boolean,
): Promise<void> {
	const { bytes, then } = performance;
	const framing = isChunked ? 'transfer-encoding: chunked' : 'connection: close';
	const type = isStream ? 'text/event-stream; charset=utf-8' : 'application/json';
	send(socket, `HTTP/1.1 200 OK\r\ncontent-type: ${type}\r\n${framing}\r\n\r\n`);
	let from = 0;
	for (const { end, pauseMs } of pieces) {
		await pause(socket, pauseMs);
		if (socket.destroyed) return;
		const piece = bytes.subarray(from, end);
		from = end;
		if (piece.length === 0) continue;
		const size = `${piece.length.toString(16)}\r\n`;
		socket.write(isChunked ? Buffer.concat([Buffer.from(size), piece, Buffer.from('\r\n')]) : piece);
	}
	if (then === 'stall') return untilClosed(socket);
	if (then === 'rst') return void socket.resetAndDestroy();
	const endsWell = then === 'done' || then === 'close';
	if (endsWell && isChunked) socket.write('0\r\n\r\n');
	else socket.end();
}

/** Ends early when the gateway leaves. */
function pause(socket: Socket, ms: number): Promise<void> {
	return new Promise((resolve) => {
		const finish = () => {
			clearTimeout(timer);
			socket.off('close', finish);
			resolve();
		};
		const timer = setTimeout(finish, ms);
		socket.once('close', finish);
	});
}

/** Not `once`, which rejects when the other side resets: that too is a close. */
function untilClosed(socket: Socket): Promise<void> {
	return new Promise((resolve) => {
		if (socket.destroyed) resolve();
		else socket.on('close', () => resolve());
	});
}
