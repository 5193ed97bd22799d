import type { TraceEntry } from '../../../machines/request/progress.ts';
import type { CallRecord } from '../../../src/contract/call-record.ts';
import type { FailureReport } from '../../../src/contract/failure-report.ts';
import { imaginedTokens } from '../../../src/verify/play/imagined-model.ts';
import type { ClientView, ExplainedCase } from '../../../src/verify/play/play.ts';
import { eventsOf } from '../../helpers/gateway.ts';

/** What is compared of a case: all that does not hang on the speed of the machine. */
export interface Seen {
	client: Omit<ClientView, 'headers'>;
	attempts: string | null;
	shouldRetry: string | null;
	/** What was asked, in order: the actor that granted it, and the model. */
	asked: readonly string[];
	progress: readonly string[];
	providers: Readonly<Record<string, string>>;
}

/** Lets the error pass that a client meets that has left. */
export function ifLeft(error: unknown): undefined {
	if (!(error instanceof DOMException && error.name === 'AbortError')) throw error;
}

/** @param text of the body; undefined when the client left before its end */
export function clientOf(response: Response | undefined, text: string | undefined, record: CallRecord): Seen['client'] {
	if (response === undefined) return { gets: 'left' };
	const { status } = response;
	const target = response.headers.get('x-breakwater-target');
	const by = target === null ? {} : { target };
	if (text === undefined) return { gets: 'left', status, ...by };
	if (status !== 200) return { gets: 'error', status, code: codeIn(text) };
	if (!text.startsWith('data: ')) return { gets: 'answer', status, ...by };
	const events = eventsOf(text);
	const last = events.at(-1) ?? '';
	assertSeamless(events, record);
	if (last === '[DONE]') return { gets: 'answer', status, ...by };
	return { gets: 'broken', status, code: codeIn(last), ...by };
}

/** A caller is told the provider's own code of a bad request; one that the stage made up stands for none. */
function codeIn(text: string): string {
	const { code } = (JSON.parse(text) as FailureReport['body']).error;
	return code.startsWith('as-BAD_REQUEST') ? 'bad_request' : code;
}

/** Whoever wrote it, it is the text of one answer from its first token on. */
function assertSeamless(events: readonly string[], record: CallRecord): void {
	const text = events
		.filter((event) => event !== '[DONE]')
		.map(
			(event) =>
				(JSON.parse(event) as { choices?: { delta: { content?: string } }[] }).choices?.[0]?.delta.content ?? '',
		)
		.join('');
	const words = text.match(/\S+/g)?.length ?? 0;
	if (text.trimEnd() !== imaginedTokens(0, words).trimEnd())
		throw new Error(`${record.id} got a text that is not one: ${text}`);
}

export function seenIn({ client, trace, after, steps }: ExplainedCase, unreachable: readonly string[]): Seen {
	const { headers, ...view } = client;
	return {
		client: view,
		attempts: headers['x-breakwater-attempts'] ?? null,
		shouldRetry: headers['x-should-retry'] ?? null,
		asked: steps.flatMap(({ event, provider, target }) =>
			event.type === 'permit.granted' && !unreachable.includes(provider ?? '')
				? [`${provider}/${target?.slice(target.indexOf('/') + 1)}`]
				: [],
		),
		progress: trace.map(stepText),
		providers: Object.fromEntries(
			after.map(({ id, reason = null, ...standing }) => [id, providerText({ ...standing, reason })]),
		),
	};
}

/** What the log tells of a step, without what hangs on the speed of the machine. */
export function stepText(step: TraceEntry): string {
	const { did, credential, target } = step;
	if (did === 'deny') return `${credential} ${target} denies: ${step.state}, ${step.reason}`;
	// Of a wait for an opening a part has passed before the request came.
	if (did === 'wait' && step.isForOpening) return `${credential} ${target} is waited for`;
	if (did === 'wait') return `${credential} ${target} waits ${step.ms} ms`;
	if (did === 'reconnect') return `${credential} ${target} is sent again`;
	const { outcome, way, probe, failure, seam } = step;
	const what =
		failure === undefined ? outcome : [failure.category, failure.reason ?? '-', failure.retryAfterMs ?? '-'].join(' ');
	const joined = seam === undefined ? '' : `, ${seam.sent} sent, ${seam.trimmed} trimmed`;
	return `${credential} ${target} ${way}${probe ? ' probe' : ''}: ${what}${joined}`;
}

interface ProviderFacts {
	state: string;
	reason: string | null;
	consecutiveFailures: number;
	probesInFlight: number;
	unavailable: Readonly<Record<string, unknown>>;
}

export function providerText({
	state,
	reason,
	consecutiveFailures,
	probesInFlight,
	unavailable,
}: ProviderFacts): string {
	const models = Object.keys(unavailable).sort().join(' ');
	return `${state}, ${reason}, ${consecutiveFailures} failures, ${probesInFlight} probes, unavailable: ${models}`;
}
