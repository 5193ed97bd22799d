import type { AnswerEvent } from '../../contract/answer-parts.ts';
import type { DocumentAnswer, DocumentRead, EventsWish, ReaderOptions } from '../../contract/dialect.ts';
import { emptyErrorBody } from '../../contract/error-body.ts';
import { isObject, type JsonObject, parseObject } from '../../values/json.ts';
import { isError } from '../error-object.ts';
import { readErrorBody, readErrorJson } from '../read-error-body.ts';
import { documentEvents } from './document-events.ts';
import { EventParts, finishOf } from './event-parts.ts';
import { failureIn } from './failure-in.ts';
import { madeIn } from './made.ts';
import { dialectName } from './responses-body.ts';
import { saysSomething } from './unread-content.ts';
import { readUsage } from './usage.ts';

/** A longer document is no error: to look for one in it would only cost time, characters. */
const LONGEST_ERROR = 256 * 1024;
const wholeStates: readonly unknown[] = ['completed', 'incomplete', undefined, null];

/** A response that is in another state is not there yet, or never will be. */
export function isWholeState(status: unknown): boolean {
	return wholeStates.includes(status);
}

/**
 * Reads the body of a successful response without a stream before it is believed: a JSON object with a list of what the model
 * put out, that has come to its end.
 * @param text the whole body, parsed once, here; never throws
 */
export function readDocument(text: string, { model }: Pick<ReaderOptions, 'model'>): DocumentRead {
	const value = parseObject(text);
	if (value === undefined) return { is: 'failure', error: readErrorBody(200, text) };
	if (isError(value.error)) return { is: 'failure', error: failureIn(value) };
	const { output, status } = value;
	if (Array.isArray(output) && output.every(isObject) && isWholeState(status)) {
		return { is: 'answer', answer: documentAnswer(value, output, model) };
	}
	return { is: 'failure', error: text.length > LONGEST_ERROR ? emptyErrorBody : readErrorJson(value) };
}

function documentAnswer(value: JsonObject, output: readonly JsonObject[], asked: string): DocumentAnswer {
	const isKept = value.store !== false;
	const model = typeof value.model === 'string' && value.model !== '' ? value.model : asked;
	return {
		usage: readUsage(value.usage),
		finishes: [finishOf(value, false, false)],
		made: [...(isKept ? madeIn(value, true) : []), ...output.flatMap((item) => madeIn(item, isKept))],
		hasContent: () => output.some(saysSomething),
		body: (bytes) => bytes,
		events: (wish) => eventsOf({ ...value, model }, model, wish),
	};
}

function eventsOf(response: JsonObject, model: string, { withUsage, inPieces }: EventsWish): AnswerEvent[] {
	const reader = new EventParts();
	return documentEvents(response, inPieces).map((value) => {
		const parts = reader.of(value);
		const raw = { dialect: dialectName, data: JSON.stringify(value), value };
		return { parts: withUsage ? parts : parts.filter(({ is }) => is !== 'usage'), model, raw };
	});
}
