import type { Timeouts } from '../../machines/policy.ts';
import type { RenderedRequest } from '../contract/dialect.ts';
import type { Classify } from './classify/apply-error-rules.ts';
import type { Endpoint } from './endpoint.ts';

export interface AttemptOptions {
	endpoint: Endpoint;
	classify: Classify;
	model: string;
	/** It thinks before its first word: whatever comes in its stream shows that it does, up to `timeouts.thinking`. */
	reasons?: boolean;
	/** The request as the provider shall see it. */
	request: RenderedRequest;
	/** Default: `POST`. */
	method?: 'GET' | 'POST';
	/** Headers of the caller that go along, by their names in lower case; undefined for none. */
	callerHeaders?: Readonly<Record<string, string>> | undefined;
	timeouts: Timeouts;
	/** Bytes of the largest answer that is taken. */
	answerLimit: number;
	/** Whether an answer that the provider refused may be asked of another. Default: it is the answer. */
	mayLeaveRefusal?: (() => boolean) | undefined;
}
