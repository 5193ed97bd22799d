import { type Failure, failureName } from '../../machines/failure.ts';
import type { TraceEntry } from '../../machines/request/progress.ts';
import type { RecordedStep, UnsupportedField } from '../contract/call-record.ts';
import type { AnswerHeaders } from '../contract/dialect.ts';
import type { FailureReport } from '../contract/failure-report.ts';
import type { Classified } from '../upstream/classify/apply-error-rules.ts';
import type { PassingHeaders, ToldHeaders } from '../upstream/passing-headers.ts';
import { saidField } from './refused-fields.ts';
import type { ProviderMessage } from './report-failure.ts';

interface Failed {
	readonly broken: Classified;
	readonly upstreamRequestId: string | undefined;
}

/** What providers said in the attempts of one request. Their words are for the caller only, never for a log. */
export class ProviderWords {
	readonly #passing: PassingHeaders;
	readonly #failed: Failed[] = [];
	/** Their own ids of the attempts that are over, in order. */
	readonly #ids: (string | undefined)[] = [];
	#unsupported: UnsupportedField | undefined;
	/** What the response told whose headers were asked about last: each is asked about several times. */
	#told: { readonly of: AnswerHeaders; readonly headers: ToldHeaders } | undefined;

	constructor(passing: PassingHeaders) {
		this.#passing = passing;
	}

	/** The target that did not take a field of the request; the first, where several did not. */
	get unsupported(): UnsupportedField | undefined {
		return this.#unsupported;
	}

	/** What the headers of a response of this request tell the caller. */
	toldBy(headers: AnswerHeaders): ToldHeaders {
		if (this.#told?.of !== headers) this.#told = { of: headers, headers: this.#passing.read(headers) };
		return this.#told.headers;
	}

	/**
	 * An attempt failed.
	 * @param body of the request that was made
	 * @returns what the target did not take, where that is why
	 */
	noteFailure(
		broken: Classified,
		{ target, headers, body }: { target: string; headers: AnswerHeaders; body: string },
	): UnsupportedField | undefined {
		this.#failed.push({ broken, upstreamRequestId: this.toldBy(headers).id });
		if (failureName(broken.failure) !== 'BAD_REQUEST.unsupported') return undefined;
		const field = saidField(broken, body);
		const unsupported = field === undefined ? { target } : { target, field };
		this.#unsupported ??= unsupported;
		return unsupported;
	}

	/** An attempt is over, however it went. */
	noteEnd(headers: AnswerHeaders): void {
		this.#ids.push(this.toldBy(headers).id);
	}

	/** @returns what the provider said with a failure */
	saidOf(failure: Failure | undefined): ProviderMessage {
		const { message = '', details } = this.#of(failure)?.broken ?? {};
		return { message, ...details };
	}

	/** A report of a failure, with the provider's own id of it. */
	withId(report: FailureReport, failure: Failure | undefined): FailureReport {
		const id = this.#of(failure)?.upstreamRequestId;
		if (id === undefined) return report;
		return { ...report, headers: { ...report.headers, 'x-breakwater-upstream-request-id': id } };
	}

	/** A trace with the providers' own ids of its attempts. */
	inTrace(trace: readonly TraceEntry[]): readonly RecordedStep[] {
		if (this.#ids.every((id) => id === undefined)) return trace;
		let attempts = 0;
		return trace.map((step) => {
			const id = step.did === 'attempt' ? this.#ids[attempts++] : undefined;
			return id === undefined ? step : { ...step, upstreamRequestId: id };
		});
	}

	#of(failure: Failure | undefined): Failed | undefined {
		return this.#failed.find(({ broken }) => broken.failure === failure);
	}
}
