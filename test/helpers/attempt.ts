import { expect } from 'vitest';
import type { Timeouts } from '../../machines/policy.ts';
import { type AnswerEvent, isContent } from '../../src/contract/answer-parts.ts';
import { openaiChatProvider } from '../../src/dialects/openai-chat/openai-chat.ts';
import { openai } from '../../src/dialects/protocols/openai.ts';
import { Attempt } from '../../src/upstream/attempt.ts';
import type { AttemptOptions } from '../../src/upstream/attempt-options.ts';
import { type Classified, createClassifier } from '../../src/upstream/classify/apply-error-rules.ts';
import { loadErrorRules } from '../../src/upstream/classify/load-error-rules.ts';
import { Connections, type ConnectionsOptions, type EndpointOptions } from '../../src/upstream/endpoint.ts';

/** How an attempt ended. */
export interface Outcome {
	/** `completed`, or the failure as `CATEGORY.reason`. */
	is: string;
	/** The body of a whole answer, `''` of a streamed one. */
	body: string;
	/** What is said of a failure. */
	message: string;
	status: number | undefined;
	/** How long the provider asked us to wait, ms. */
	retryAfterMs: number | undefined;
}

export interface WatchedAttempt {
	readonly attempt: Attempt;
	/** The names of the reports in order, `stopped` among them. */
	readonly reports: readonly string[];
	/** Every event that was handed on, as SSE text. */
	readonly events: string;
	/** How often the request was sent once more: never more than once. */
	readonly reconnects: number;
	/** Resolves with the report that ends the attempt. */
	readonly over: Promise<Outcome>;
	/** Resolves when the first content is here. */
	readonly answering: Promise<void>;
	stop(): void;
}

export interface AttemptTestOptions extends Partial<Omit<AttemptOptions, 'timeouts' | 'endpoint' | 'request'>> {
	/** The body of the request. */
	json?: string;
	stream?: boolean;
	choices?: number;
	/** Whether even an answer that comes as one document is wanted in events; default: where a stream is asked for. */
	inEvents?: boolean;
	/** Whether an event with its usage is wanted of it. */
	withUsage?: boolean;
	/** Any that is not given is longer than a test may take. */
	timeouts?: Partial<Timeouts>;
	endpoint?: Partial<EndpointOptions>;
	/** Called with each report as it comes, before anything else happens. */
	onReport?: (name: string, watched: WatchedAttempt) => void;
}

const patient: Timeouts = {
	connect: 60_000,
	firstToken: 60_000,
	idle: 60_000,
	response: 60_000,
	request: 60_000,
	stream: 60_000,
	thinking: 60_000,
	throughput: 'off',
};
const classify = createClassifier(loadErrorRules('config/error-rules.yaml'));

/** Starts attempts and checks at the end that each kept the contract of `AttemptListener`. */
export class AttemptBench {
	readonly #all: WatchedAttempt[] = [];
	readonly #connections: Connections;

	constructor(answerLimit = 1_000_000, options?: ConnectionsOptions) {
		this.#connections = new Connections(answerLimit, options);
	}

	/** Starts one attempt at an upstream. */
	start(baseUrl: string, options: AttemptTestOptions = {}): WatchedAttempt {
		const { timeouts, endpoint: endpointOptions, onReport, stream = false, choices = 1, ...more } = options;
		const {
			json = JSON.stringify({ model: 'asked-model', stream }),
			inEvents = stream,
			withUsage = false,
			...rest
		} = more;
		const account = { provider: 'test', protocol: openai, dialect: openaiChatProvider, baseUrl, headers: {} };
		const endpoint = this.#connections.endpoint({ ...account, ...endpointOptions });
		const watched = watch(
			{
				endpoint,
				classify,
				model: 'asked-model',
				request: { body: json, stream, choices },
				answerLimit: 1_000_000,
				...rest,
				timeouts: { ...patient, ...timeouts },
			},
			onReport,
			inEvents ? { withUsage } : undefined,
		);
		this.#all.push(watched);
		watched.attempt.start();
		return watched;
	}

	/**
	 * Closes every connection, which is the last chance of an attempt to report twice.
	 * @throws AssertionError when one reported anything but: answering, then events, if any; then one end
	 */
	async close(): Promise<void> {
		await this.#connections.close();
		for (const { reports } of this.#all) {
			expect(reports.join(' ')).toMatch(/^(?:answering(?: events)+ )?(?:completed|broke|stopped)$|^answering stopped$/);
		}
	}
}

function watch(
	options: AttemptOptions,
	onReport: AttemptTestOptions['onReport'],
	inEvents: { withUsage: boolean } | undefined,
): WatchedAttempt {
	const reports: string[] = [];
	const over = Promise.withResolvers<Outcome>();
	const answering = Promise.withResolvers<void>();
	let events = '';
	const report = (name: string) => {
		reports.push(name);
		onReport?.(name, watched);
	};
	let hasContent = false;
	let held: AnswerEvent[] = [];
	/** As the answer stream does: nothing goes on before there is content, so that a failure stays unseen. */
	function hear(came: readonly AnswerEvent[]): void {
		held.push(...came);
		hasContent ||= came.some(({ parts }) => parts.some((part) => isContent(part) || part.is === 'finish'));
		if (!hasContent) return;
		if (events === '') {
			report('answering');
			answering.resolve();
		}
		if (reports.at(-1) === 'stopped') return;
		events += held.map(({ raw }) => `data: ${raw.data}\n\n`).join('');
		held = [];
		// Events come in as many pieces as packets did; that is nobody's business.
		report('events');
	}
	let firstContents = 0;
	let reconnects = 0;
	const attempt = new Attempt(options, {
		onReconnected: () => {
			reconnects += 1;
			expect(reconnects).toBe(1);
			expect(reports).toEqual([]);
		},
		onFirstContent: () => {
			firstContents += 1;
			expect(firstContents).toBe(1);
			expect(reports).toEqual([]);
		},
		onEvents: hear,
		onHeld: () => {},
		onCompleted(completion) {
			const isDocument = completion.is === 'document';
			if (isDocument && inEvents !== undefined) hear(completion.answer.events({ ...inEvents, inPieces: true }));
			const body = isDocument && inEvents === undefined ? completion.answer.body(completion.bytes).toString() : '';
			if (reports.at(-1) === 'stopped') return;
			report('completed');
			over.resolve({ is: 'completed', body, message: '', status: undefined, retryAfterMs: undefined });
		},
		onBroke({ failure, message }) {
			report('broke');
			const { status, retryAfterMs } = failure;
			over.resolve({ is: keyOf(failure), body: '', message, status, retryAfterMs });
		},
	});
	const watched: WatchedAttempt = {
		attempt,
		reports,
		get events() {
			return events;
		},
		over: over.promise,
		answering: answering.promise,
		get reconnects() {
			return reconnects;
		},
		stop() {
			reports.push('stopped');
			attempt.stop();
		},
	};
	return watched;
}

function keyOf({ category, reason }: Classified['failure']): string {
	return reason === undefined ? category : `${category}.${reason}`;
}
