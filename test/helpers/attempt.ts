import { expect } from 'vitest';
import type { Timeouts } from '../../machines/policy.ts';
import { Attempt, type AttemptOptions } from '../../src/upstream/attempt.ts';
import { type Classified, createClassifier } from '../../src/upstream/classify/classify.ts';
import { loadErrorRules } from '../../src/upstream/classify/error-rules.ts';
import { Connections, type EndpointOptions } from '../../src/upstream/endpoint.ts';

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
	/** Resolves with the report that ends the attempt. */
	readonly over: Promise<Outcome>;
	/** Resolves when the first content is here. */
	readonly answering: Promise<void>;
	stop(): void;
}

export interface AttemptTestOptions extends Partial<Omit<AttemptOptions, 'timeouts' | 'endpoint'>> {
	/** Any that is not given is longer than a test may take. */
	timeouts?: Partial<Timeouts>;
	endpoint?: Partial<EndpointOptions>;
	/** Called with each report as it comes, before anything else happens. */
	onReport?: (name: string, watched: WatchedAttempt) => void;
}

const patient: Timeouts = { connect: 60_000, firstToken: 60_000, idle: 60_000, response: 60_000, request: 60_000 };
const classify = createClassifier(loadErrorRules('config/error-rules.yaml'));

/** Starts attempts and checks at the end that each kept the contract of `AttemptListener`. */
export class AttemptBench {
	readonly #all: WatchedAttempt[] = [];
	readonly #connections: Connections;

	constructor(answerLimit = 1_000_000) {
		this.#connections = new Connections(answerLimit);
	}

	/** Starts one attempt at an upstream. */
	start(baseUrl: string, options: AttemptTestOptions = {}): WatchedAttempt {
		const { timeouts, endpoint: endpointOptions, onReport, ...more } = options;
		const endpoint = this.#connections.endpoint({ provider: 'test', baseUrl, headers: {}, ...endpointOptions });
		const stream = more.stream ?? false;
		const watched = watch(
			{
				endpoint,
				classify,
				model: 'asked-model',
				json: JSON.stringify({ model: 'asked-model', stream }),
				stream,
				answerLimit: 1_000_000,
				inChunks: stream,
				withUsage: false,
				choices: 1,
				...more,
				timeouts: { ...patient, ...timeouts },
			},
			onReport,
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

function watch(options: AttemptOptions, onReport: AttemptTestOptions['onReport']): WatchedAttempt {
	const reports: string[] = [];
	const over = Promise.withResolvers<Outcome>();
	const answering = Promise.withResolvers<void>();
	let events = '';
	const report = (name: string) => {
		reports.push(name);
		onReport?.(name, watched);
	};
	const attempt = new Attempt(options, {
		onChunks(chunks) {
			if (events === '') {
				report('answering');
				answering.resolve();
			}
			if (reports.at(-1) === 'stopped') return;
			events += chunks.map(({ data }) => `data: ${data}\n\n`).join('');
			// Events come in as many pieces as packets did; that is nobody's business.
			report('events');
		},
		onCompleted(body) {
			report('completed');
			over.resolve({ is: 'completed', body: body.toString(), message: '', status: undefined, retryAfterMs: undefined });
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
