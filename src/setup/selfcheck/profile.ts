import { createParser } from 'eventsource-parser';
import { readDocument } from '../../dialects/openai-chat/read-document.ts';
import { asObject, type JsonObject, parseObject } from '../../values/json.ts';
import { oneLine } from '../../values/one-line.ts';
import { ask, jsonOf, type Reply, type ReplyAnswer } from './ask.ts';
import { fail, ok, type SelfcheckFinding, warn } from './finding.ts';
import { clientHeaders, ofProxy, type ProxyQuestion } from './proxy.ts';

type Form = 'whole' | 'streamed';

/** Enough for a model that thinks a little before its first word. */
const MOST_TOKENS = 64;
const messages = [{ role: 'user', content: 'Reply with the word OK.' }];

/**
 * Asks for the smallest answer of one profile, whole and streamed, one after the other.
 * @param first the first target of its chain, where it is known
 * @param redact takes keys out of what the proxy says
 */
export async function selfcheckProfile(
	name: string,
	first: string | undefined,
	question: ProxyQuestion,
	redact: (text: string) => string,
): Promise<SelfcheckFinding[]> {
	const findings: SelfcheckFinding[] = [];
	for (const form of ['whole', 'streamed'] as const) {
		const asked = await askProfile(name, form, question);
		findings.push(findingOf(`profile ${name}, ${form}`, form, asked, first, redact));
	}
	return findings;
}

/** Some models know only the newer of the two names for the limit. */
async function askProfile(name: string, form: Form, question: ProxyQuestion): Promise<Reply> {
	const asked = await askWith({ max_tokens: MOST_TOKENS }, name, form, question);
	if (asked.is !== 'answer' || asked.status !== 400) return asked;
	return askWith({ max_completion_tokens: MOST_TOKENS }, name, form, question);
}

function askWith(limit: object, name: string, form: Form, { url, key, timeoutMs, tls }: ProxyQuestion): Promise<Reply> {
	return ask(`${url}/v1/chat/completions`, {
		headers: { ...clientHeaders(key), 'x-failover-profile': name },
		json: { model: name, messages, stream: form === 'streamed', ...limit },
		timeoutMs,
		tls,
	});
}

function findingOf(
	about: string,
	form: Form,
	asked: Reply,
	first: string | undefined,
	redact: (text: string) => string,
): SelfcheckFinding {
	if (asked.is === 'problem') {
		const advice = asked.isTimeout ? 'wait longer with --timeout, or see who is slow in its log' : 'look at its log';
		return fail(about, `No answer: ${ofProxy(asked.text)}; ${advice}.`);
	}
	if (asked.status !== 200) return fail(about, `It answers ${asked.status}${reasonOf(asked, redact)}`);
	const mistake = form === 'whole' ? mistakeOfWhole(asked) : mistakeOfStream(asked, redact);
	if (mistake !== undefined) return fail(about, `The answer is not whole: ${mistake}; look at the proxy's log.`);
	return traceFinding(about, asked, first);
}

/** An answer that came by a detour is an answer, and shows that something is wrong further up. */
function traceFinding(about: string, { headers, ms }: ReplyAnswer, first: string | undefined): SelfcheckFinding {
	const target = headers['x-breakwater-target'];
	const attempts = Number(headers['x-breakwater-attempts'] ?? 1);
	const by = target === undefined ? '' : ` by ${target}`;
	if (attempts > 1) {
		const text = `Answered${by}, but only after ${attempts} attempts, in ${ms} ms; see what is said of the providers.`;
		return warn(about, text);
	}
	if (first !== undefined && target !== undefined && target !== first) {
		const text = `Answered${by} in ${ms} ms, and not by ${first}, which comes first; see what is said of the providers.`;
		return warn(about, text);
	}
	return ok(about, `Answered${by} in ${ms} ms.`);
}

function mistakeOfWhole(answer: ReplyAnswer): string | undefined {
	return readDocument(answer.body, { model: '' }).is === 'answer'
		? undefined
		: 'it is no completion with a choice in it';
}

function mistakeOfStream({ headers, body }: ReplyAnswer, redact: (text: string) => string): string | undefined {
	if (!headers['content-type']?.startsWith('text/event-stream')) return 'it did not come as a stream';
	const events: string[] = [];
	createParser({ onEvent: ({ data }) => void events.push(data) }).feed(body);
	const chunks = events.map(parseObject);
	const error = chunks.find((chunk) => chunk?.error !== undefined && chunk.error !== null);
	if (error !== undefined) return `it broke off${reasonIn(error, redact)}`;
	if (events.at(-1) !== '[DONE]') return 'it ended without [DONE]';
	if (!chunks.some(hasFinishReason)) return 'it gave no finish reason';
	return undefined;
}

function hasFinishReason(chunk: JsonObject | undefined): boolean {
	const choices = chunk?.choices;
	return Array.isArray(choices) && choices.some((choice) => typeof asObject(choice)?.finish_reason === 'string');
}

function reasonOf(answer: ReplyAnswer, redact: (text: string) => string): string {
	return reasonIn(asObject(jsonOf(answer)), redact) || '; look at its log.';
}

/** What Breakwater says of a failure ends in what to do. */
function reasonIn(body: JsonObject | undefined, redact: (text: string) => string): string {
	const message = asObject(body?.error)?.message;
	return typeof message === 'string' && message !== '' ? `: ${shortLine(redact(message))}` : '';
}

function shortLine(text: string): string {
	const line = oneLine(text);
	return line.length > 300 ? `${line.slice(0, 300)}…` : line;
}
