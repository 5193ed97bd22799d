import { type Answer, answerOf } from './soak-answer.ts';
import type { Reply } from './soak-client.ts';
import type { StreamPlan } from './soak-plan.ts';
import type { AttemptRecord } from './soak-provider.ts';

/**
 * - `whole`: by the first attempt
 * - `failed over`: by another one, before anything was sent
 * - `rescued`: by several attempts, after the first had been committed to
 * - `interrupted`: an error after the commit; `refused`: an error before it
 * - `left`: the client did
 * - `wrong`: ended as a success and was not the answer, or ended without a word
 */
export const outcomes = ['whole', 'failed over', 'rescued', 'interrupted', 'refused', 'left', 'wrong'] as const;
export type Outcome = (typeof outcomes)[number];

export interface Verdict {
	outcome: Outcome;
	/** What is wrong with it, where it is wrong. */
	mistake?: string;
}

interface Chunk {
	id?: string;
	model?: string;
	error?: { code?: string };
	failover?: { attempts?: unknown[] };
	usage?: Record<string, number> | null;
	choices?: { delta?: Message; message?: Message; finish_reason?: string | null }[];
}

interface Message {
	role?: string;
	content?: string | null;
	tool_calls?: { index?: number; id?: string; function?: { name?: string; arguments?: string } }[];
}

/** An answer as its client puts it together. */
interface Received {
	text: string;
	tools: { id: string; name: string; arguments: string }[];
	finishes: string[];
	roles: number;
	ids: Set<unknown>;
	models: Set<unknown>;
	usages: Record<string, number>[];
	/** The model that finished it. */
	author: string;
	/** Something came after the finish that belongs before it. */
	isLate: boolean;
}

/** @param attempts what the providers saw of this stream, in order */
export function judge(seed: number, plan: StreamPlan, reply: Reply, attempts: readonly AttemptRecord[]): Verdict {
	const answer = answerOf(seed, plan.number);
	if (attempts.some(({ isShownWrong }) => isShownWrong)) {
		return { outcome: 'wrong', mistake: 'a provider was shown a text that is not how the answer begins' };
	}
	if (reply.end === 'left') return { outcome: 'left' };
	try {
		return verdictOn(answer, plan, reply, attempts);
	} catch (error) {
		if (!(error instanceof WrongReply || error instanceof SyntaxError)) throw error;
		return { outcome: 'wrong', mistake: error.message };
	}
}

class WrongReply extends Error {}

function verdictOn(answer: Answer, plan: StreamPlan, reply: Reply, attempts: readonly AttemptRecord[]): Verdict {
	if (reply.end === 'broken') throw new WrongReply('the connection broke before the reply was whole');
	if (reply.status !== 200) {
		const body = JSON.parse(reply.text) as Chunk;
		if (reply.status < 400 || body.error?.code === undefined) throw new WrongReply('an error without a code');
		if (body.error.code === 'internal_error') throw new WrongReply('a fault of the gateway itself');
		return { outcome: body.error.code === 'stream_interrupted' ? 'interrupted' : 'refused' };
	}
	const isStream = reply.contentType.startsWith('text/event-stream');
	if (isStream !== (plan.delivery === 'stream' || plan.delivery === 'complete'))
		throw new WrongReply('the wrong kind of reply');
	const received = emptyAnswer();
	if (isStream) {
		const events = eventsOf(reply.text);
		const last = events.pop();
		if (last === undefined) throw new WrongReply('an empty stream');
		const isDone = last === '[DONE]';
		const chunks = events.map((data) => JSON.parse(data) as Chunk);
		for (const chunk of chunks) addChunk(received, chunk);
		if (!isDone) return interrupted(answer, received, JSON.parse(last));
	} else {
		addDocument(received, JSON.parse(reply.text));
	}
	checkAnswer(answer, received);
	checkUsage(received, attempts, !isStream || plan.wantsUsage);
	if (!/^[abcd]\/model-[abcd]$/.test(reply.target)) throw new WrongReply(`the target is said to be '${reply.target}'`);
	if (attempts.some(({ askedAs }) => askedAs !== 'fresh') || reply.text.includes('\n: ')) return { outcome: 'rescued' };
	return { outcome: attempts.length > 1 ? 'failed over' : 'whole' };
}

function eventsOf(text: string): string[] {
	if (!text.endsWith('\n\n')) throw new WrongReply('the last event does not end');
	const events = text.slice(0, -2).split('\n\n');
	const odd = events.find((event) => !/^(: |data: )[^\r\n]*$/.test(event));
	if (odd !== undefined) throw new WrongReply(`an event of more than one line: ${odd.slice(0, 80)}`);
	return events.filter((event) => event.startsWith('data: ')).map((event) => event.slice('data: '.length));
}

/** A stream that ends with an error may be short; what there is of it must still be true. */
function interrupted(answer: Answer, { text }: Received, { error, failover }: Chunk): Verdict {
	if (error?.code === undefined) throw new WrongReply('it ends with neither [DONE] nor an error');
	if (!Array.isArray(failover?.attempts)) throw new WrongReply('an error that does not name the attempts');
	if (!answer.text.startsWith(text)) throw new WrongReply(`before its error ${difference(answer.text, text)}`);
	return { outcome: 'interrupted' };
}

function emptyAnswer(): Received {
	const sets = { ids: new Set(), models: new Set() };
	return { text: '', tools: [], finishes: [], roles: 0, usages: [], author: '', isLate: false, ...sets };
}

function addChunk(received: Received, { id, model, error, usage, choices }: Chunk): void {
	if (error !== undefined) throw new WrongReply('an error in the middle of a stream that goes on');
	received.ids.add(id);
	received.models.add(model);
	if (usage) received.usages.push(usage);
	for (const { delta = {}, finish_reason: finish } of choices ?? []) {
		const says = Boolean(delta.content) || delta.tool_calls !== undefined;
		if (says && received.finishes.length > 0) received.isLate = true;
		if (delta.role !== undefined) received.roles++;
		addMessage(received, delta);
		if (!finish) continue;
		received.finishes.push(finish);
		received.author = model ?? '';
	}
}

function addDocument(received: Received, { id, model, usage, choices }: Chunk): void {
	received.ids.add(id);
	received.models.add(model);
	received.author = model ?? '';
	if (usage) received.usages.push(usage);
	for (const { message = {}, finish_reason: finish } of choices ?? []) {
		received.roles++;
		addMessage(received, message);
		received.finishes.push(finish ?? '');
	}
}

function addMessage(received: Received, { content, tool_calls: calls = [] }: Message): void {
	received.text += content ?? '';
	for (const [at, { index = at, id = '', function: part }] of calls.entries()) {
		const known = received.tools[index] ?? { id: '', name: '', arguments: '' };
		known.id += id;
		known.name += part?.name ?? '';
		known.arguments += part?.arguments ?? '';
		received.tools[index] = known;
	}
}

function checkAnswer(answer: Answer, received: Received): void {
	const { text, tools, finishes, roles, ids, models, isLate } = received;
	if (text !== answer.text) throw new WrongReply(difference(answer.text, text));
	if (finishes.length !== 1) throw new WrongReply(`${finishes.length} finish reasons`);
	if (finishes[0] !== answer.finish) throw new WrongReply(`finished with ${finishes[0]} instead of ${answer.finish}`);
	if (isLate) throw new WrongReply('it went on after its finish');
	if (ids.size !== 1 || ids.has(undefined)) throw new WrongReply(`the ids ${[...ids].join(', ')}`);
	if (roles !== 1) throw new WrongReply(`${roles} roles`);
	const stranger = [...models].find((model) => !/^model-[abcd]$/.test(String(model)));
	if (models.size === 0 || stranger !== undefined) throw new WrongReply(`the model ${stranger}`);
	checkTools(answer.tools, tools);
}

function checkTools(expected: Answer['tools'], received: Received['tools']): void {
	const said = JSON.stringify(received.map(({ name, arguments: text }) => ({ name, arguments: text })));
	if (said !== JSON.stringify(expected)) throw new WrongReply(`wrong calls of tools: ${said.slice(0, 300)}`);
	// The id names the attempt: all calls must come from one.
	const authors = new Set(received.map(({ id }, index) => id.replace(new RegExp(`-call-${index}$`), '')));
	if (received.length > 0 && authors.size !== 1)
		throw new WrongReply('calls of tools from several attempts in one answer');
}

/**
 * Usage that no provider reported in full, because it was cut off after the finish, cannot be passed on by anyone. Of
 * several attempts at one provider, any may be the one that finished: on a busy machine, a provider may read a request
 * when the gateway has long given it up.
 */
function checkUsage({ usages, author }: Received, attempts: readonly AttemptRecord[], isWanted: boolean): void {
	const byAuthor = attempts.filter(({ provider }) => author === `model-${provider}`);
	const reported = byAuthor.flatMap(({ usage }) => (usage === undefined ? [] : [usage]));
	if (usages.length === 0) {
		const isMissed = isWanted && byAuthor.length > 0 && byAuthor.every(({ isUsageSure }) => isUsageSure);
		if (isMissed) throw new WrongReply('no usage, although it was asked for and reported');
		return;
	}
	if (!isWanted || reported.length === 0) throw new WrongReply('usage that nobody asked for or reported');
	if (usages.length > 1) throw new WrongReply(`${usages.length} blocks of usage`);
	const isReported = reported.some((usage) =>
		Object.entries(usage).every(([name, tokens]) => usages[0]?.[name] === tokens),
	);
	if (!isReported)
		throw new WrongReply(`usage says ${JSON.stringify(usages[0])}, and the provider ${JSON.stringify(reported)}`);
}

/** Where two texts part, in words. */
function difference(expected: string, got: string): string {
	let at = 0;
	while (at < expected.length && expected[at] === got[at]) at++;
	const around = (text: string) => JSON.stringify(text.slice(Math.max(0, at - 60), at + 60));
	return `at character ${at} of ${expected.length} (got ${got.length}): expected ${around(expected)}, got ${around(got)}`;
}
