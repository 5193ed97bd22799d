import type { Failure } from '../../../machines/failure.ts';
import { failureName } from '../../../machines/failure.ts';
import type { Timeouts } from '../../../machines/policy.ts';
import { readErrorJson } from '../../dialects/read-error-body.ts';
import { type Classify, classifyTransportError } from '../../upstream/classify/apply-error-rules.ts';
import { timeText } from '../../values/time-text.ts';
import type { ErrorText, Outcome } from './case-script.ts';

/** What comes of an attempt, and when: ms after it began. */
export type Fact = { readonly atMs: number } & (
	| { readonly is: 'content'; readonly tokens: number | 'all' }
	| { readonly is: 'end' }
	/** The end of an answer that said nothing. */
	| { readonly is: 'silent' }
	/** `says`: what the provider did, as the end of a sentence that begins with its name. */
	| { readonly is: 'break'; readonly failure: Failure; readonly says: string }
);

export interface AttemptSetting {
	readonly timeouts: Timeouts;
	/** The answer is streamed from the provider. */
	readonly streams: boolean;
	/** The provider's name in the configuration. */
	readonly provider: string;
	readonly classify: Classify;
	/** When the attempt begins, ms since the epoch. */
	readonly now: number;
}

/**
 * What an attempt reports when its upstream does this: the phases and the timeouts of `Attempt` in
 * `src/upstream/attempt.ts`, as a table. A connection stands at once, and takes no time.
 */
export function imagineAttempt(outcome: Outcome, setting: AttemptSetting): Fact[] {
	switch (outcome.does) {
		case 'answer':
			return inTime(answer(outcome.afterMs, outcome.takesMs, setting), setting);
		case 'say-nothing':
			return inTime([{ is: 'silent', atMs: outcome.afterMs }], setting);
		case 'status': {
			const { status, afterMs } = outcome;
			const failure = classified(status, outcome, setting, afterMs);
			return inTime([broken(afterMs, failure, `answers ${status}`)], setting);
		}
		case 'silence':
			return outcome.until === 'connected' ? [connectTimeout(setting)] : [silence(setting)];
		case 'network-error':
			return networkError(outcome, setting);
		case 'break':
			return inTime(setting.streams ? brokenStream(outcome, setting) : brokenDocument(outcome, setting), setting);
		case 'failure': {
			const { tokens, afterMs, takesMs, failure } = outcome;
			const end = broken(afterMs + (tokens > 0 ? takesMs : 0), failure, 'fails');
			return inTime(setting.streams ? [...beginning(tokens, afterMs), end] : [end], setting);
		}
	}
}

type NetworkError = Extract<Outcome, { does: 'network-error' }>;
type Break = Extract<Outcome, { does: 'break' }>;

function answer(afterMs: number, takesMs: number, { streams }: AttemptSetting): Fact[] {
	const end: Fact = { is: 'end', atMs: afterMs + takesMs };
	return streams ? [{ is: 'content', atMs: afterMs, tokens: 'all' }, end] : [end];
}

const networkFaults = {
	refused: { code: 'ECONNREFUSED', says: 'refuses the connection' },
	reset: { code: 'ECONNRESET', says: 'resets the connection' },
	dns: { code: 'ENOTFOUND', says: 'has a host name that cannot be resolved' },
} as const;

function networkError({ what, afterMs }: NetworkError, setting: AttemptSetting): Fact[] {
	const { code, says } = networkFaults[what];
	const end = broken(afterMs, classifyTransportError({ code }).failure, says);
	if (what === 'reset') return inTime([end], setting);
	return afterMs < setting.timeouts.connect ? [end] : [connectTimeout(setting)];
}

function brokenStream(outcome: Break, setting: AttemptSetting): Fact[] {
	const { how, tokens, afterMs, takesMs } = outcome;
	const lastMs = afterMs + (tokens > 0 ? takesMs : 0);
	const begun = beginning(tokens, afterMs);
	if (how === 'error-event') {
		const failure = classified(200, eventText(outcome), setting, lastMs);
		return [...begun, broken(lastMs, failure, 'sends an error in its stream')];
	}
	if (how === 'cut') return [...begun, broken(lastMs, closed, 'breaks off')];
	if (tokens === 0) return [silence(setting)];
	return [...begun, timeout(lastMs + setting.timeouts.idle, 'idle', setting)];
}

function brokenDocument(outcome: Break, setting: AttemptSetting): Fact[] {
	const { how, afterMs, takesMs } = outcome;
	const lastMs = afterMs + takesMs;
	if (how === 'error-event') {
		const failure = classified(200, eventText(outcome), setting, lastMs);
		return [broken(lastMs, failure, 'answers 200 with an error in it')];
	}
	if (how === 'cut') return [broken(lastMs, shortened, 'breaks off')];
	return [timeout(lastMs + setting.timeouts.idle, 'idle', setting)];
}

function beginning(tokens: number, atMs: number): Fact[] {
	return tokens === 0 ? [] : [{ is: 'content', atMs, tokens }];
}

/** What would begin too late is a timeout: a stream has its first content in time, a document comes at once. */
function inTime(facts: Fact[], setting: AttemptSetting): Fact[] {
	const { streams, timeouts } = setting;
	const limitMs = streams ? timeouts.firstToken : timeouts.response;
	const [first] = facts;
	return first !== undefined && first.atMs < limitMs ? facts : [silence(setting)];
}

function silence(setting: AttemptSetting): Fact {
	const { streams, timeouts } = setting;
	return streams
		? timeout(timeouts.firstToken, 'first_token', setting)
		: timeout(timeouts.response, 'response', setting);
}

function connectTimeout(setting: AttemptSetting): Fact {
	return timeout(setting.timeouts.connect, 'connect', setting);
}

const limits = {
	connect: { option: 'connect', says: 'takes no connection' },
	first_token: { option: 'firstToken', says: 'says nothing' },
	response: { option: 'response', says: 'has no whole answer' },
	idle: { option: 'idle', says: 'falls silent' },
} as const;

function timeout(atMs: number, reason: keyof typeof limits, { timeouts }: AttemptSetting): Fact {
	const { option, says } = limits[reason];
	const failure: Failure = { category: 'TIMEOUT', reason };
	return broken(atMs, failure, `${says} for ${timeText(timeouts[option])} (timeouts.${option})`);
}

const closed: Failure = { category: 'NETWORK_ERROR', reason: 'closed' };
/** A document says beforehand how long it is. */
const shortened: Failure = { category: 'SERVER_ERROR', reason: 'malformed', status: 200 };

function broken(atMs: number, failure: Failure, says: string): Fact {
	const hint = failure.retryAfterMs === undefined ? '' : `, asks to wait ${timeText(failure.retryAfterMs)}`;
	return { is: 'break', atMs, failure, says: `${says} → ${failureName(failure)}${hint}` };
}

function classified(
	status: number,
	{ code, type, message = '', retryAfterMs }: ErrorText,
	{ classify, provider, now }: AttemptSetting,
	atMs: number,
): Failure {
	// The headers of a stream are sent by the time of its error, so a hint is part of the event.
	const inBody = status === 200 && retryAfterMs !== undefined ? { retry_after_ms: retryAfterMs } : {};
	const error = { message, type: type ?? null, param: null, code: code ?? null, ...inBody };
	const headers = status === 200 ? {} : hintHeaders(retryAfterMs);
	return classify({ status, headers, error: readErrorJson({ error }), provider, now: now + atMs }).failure;
}

/** Whole seconds, where it is that. */
function hintHeaders(retryAfterMs: number | undefined): Record<string, string> {
	if (retryAfterMs === undefined) return {};
	if (retryAfterMs % 1000 === 0) return { 'retry-after': String(retryAfterMs / 1000) };
	return { 'retry-after-ms': String(retryAfterMs) };
}

/** One that says nothing of itself is a fault of the server. */
function eventText(said: ErrorText): ErrorText {
	const isSilent = said.code === undefined && said.type === undefined && said.message === undefined;
	return isSilent ? { ...said, type: 'server_error' } : said;
}
