import type { FastifyReply } from 'fastify';
import type { AnswerInfo, AnswerSink } from '../../contract/answer-sink.ts';
import type { UnsupportedField } from '../../contract/call-record.ts';
import type { FailureReport } from '../../contract/failure-report.ts';
import { idHeaders } from '../request-ids.ts';

/** Writes one call's answer to its HTTP reply. */
export class ReplySink implements AnswerSink {
	readonly #reply: FastifyReply;
	readonly #requestId: string;

	constructor(reply: FastifyReply, requestId: string) {
		this.#reply = reply;
		this.#requestId = requestId;
	}

	answer(info: AnswerInfo, body: Buffer | string, contentType: string): void {
		this.#reply.hijack();
		this.#reply.raw.writeHead(200, {
			'content-type': contentType,
			'content-length': Buffer.byteLength(body),
			...answerHeaders(info, this.#reply),
		});
		this.#reply.raw.end(body);
	}

	fail(report: FailureReport, body: string, contentType: string): void {
		sendFailure(this.#reply, this.#requestId, report, body, contentType);
	}

	begin(info: AnswerInfo, contentType: string): void {
		this.#reply.hijack();
		this.#reply.raw.writeHead(200, {
			'content-type': contentType,
			'cache-control': 'no-cache',
			// Proxies in front of us would gather the tokens otherwise.
			'x-accel-buffering': 'no',
			...answerHeaders(info, this.#reply),
		});
	}

	write(text: string): boolean {
		return this.#reply.raw.write(text);
	}

	end(text: string): void {
		this.#reply.raw.end(text);
	}

	breakOff(_report: FailureReport, text: string): void {
		this.#reply.raw.end(text);
	}
}

/** Answers with a failure. @param requestId of the request, where it has one by then */
export function sendFailure(
	reply: FastifyReply,
	requestId: string,
	{ status, headers }: FailureReport,
	body: string,
	contentType: string,
): void {
	reply
		.code(status)
		.headers({ ...headers, ...idHeaders(reply, requestId) })
		.type(contentType)
		.send(body);
}

function answerHeaders(
	{ requestId, route, target, attempts, unsupported, upstreamRequestId, upstreamHeaders }: AnswerInfo,
	reply: FastifyReply,
): Record<string, string> {
	return {
		...upstreamHeaders,
		...idHeaders(reply, requestId),
		...(upstreamRequestId === undefined ? {} : { 'x-breakwater-upstream-request-id': upstreamRequestId }),
		'x-breakwater-profile': headerValue(route),
		...(target === undefined ? {} : { 'x-breakwater-target': headerValue(target) }),
		...(attempts === undefined ? {} : { 'x-breakwater-attempts': String(attempts) }),
		...(unsupported === undefined ? {} : { 'x-breakwater-unsupported': unsupportedText(unsupported) }),
	};
}

/** `a/model-a; field=seed` */
function unsupportedText({ target, field }: UnsupportedField): string {
	return headerValue(field === undefined ? target : `${target}; field=${field}`);
}

/** Names come from the configuration and may be in any script; a header is Latin. */
export function headerValue(name: string): string {
	return /^[\x20-\x7e]*$/.test(name) ? name : encodeURIComponent(name.toWellFormed());
}
