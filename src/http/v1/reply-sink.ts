import type { FastifyReply } from 'fastify';
import type { AnswerInfo, AnswerSink } from '../../contract/answer-sink.ts';
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

	answer(info: AnswerInfo, body: Buffer | string): void {
		this.#reply.hijack();
		this.#reply.raw.writeHead(200, {
			'content-type': 'application/json; charset=utf-8',
			'content-length': Buffer.byteLength(body),
			...answerHeaders(info, this.#reply),
		});
		this.#reply.raw.end(body);
	}

	fail(report: FailureReport): void {
		sendFailure(this.#reply, report, this.#requestId);
	}

	begin(info: AnswerInfo): void {
		this.#reply.hijack();
		this.#reply.raw.writeHead(200, {
			'content-type': 'text/event-stream; charset=utf-8',
			'cache-control': 'no-cache',
			// Proxies in front of us would gather the tokens otherwise.
			'x-accel-buffering': 'no',
			...answerHeaders(info, this.#reply),
		});
	}

	write(events: string): boolean {
		return this.#reply.raw.write(events);
	}

	end(): void {
		this.#reply.raw.end('data: [DONE]\n\n');
	}

	/** An error event, and no `[DONE]`: no OpenAI client can take the fragment for a whole answer. */
	breakOff(report: FailureReport): void {
		this.#reply.raw.end(`data: ${JSON.stringify(report.body)}\n\n`);
	}
}

/** @param requestId of the request, where it has one by then */
export function sendFailure(reply: FastifyReply, report: FailureReport, requestId: string): void {
	reply
		.code(report.status)
		.headers({ ...report.headers, ...idHeaders(reply, requestId) })
		.send(report.body);
}

function answerHeaders(
	{ requestId, route, target, attempts }: AnswerInfo,
	reply: FastifyReply,
): Record<string, string> {
	return {
		...idHeaders(reply, requestId),
		'x-breakwater-profile': headerValue(route),
		'x-breakwater-target': headerValue(target),
		'x-breakwater-attempts': String(attempts),
	};
}

/** Names come from the configuration and may be in any script; a header is Latin. */
export function headerValue(name: string): string {
	return /^[\x20-\x7e]*$/.test(name) ? name : encodeURIComponent(name.toWellFormed());
}
