import type { FastifyReply } from 'fastify';
import type { AnswerInfo, AnswerSink } from '../../contract/answer-sink.ts';
import type { UnsupportedField } from '../../contract/call-record.ts';
import type { FailureReport } from '../../contract/failure-report.ts';
import { usdText } from '../../prices/price-text.ts';
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
		const own = ['content-type', contentType, 'content-length', String(Buffer.byteLength(body))];
		this.#reply.raw.writeHead(200, withAnswerHeaders(own, info, this.#reply));
		this.#reply.raw.end(body);
	}

	fail(report: FailureReport, body: string, contentType: string): void {
		sendFailure(this.#reply, this.#requestId, report, body, contentType);
	}

	begin(info: AnswerInfo, contentType: string): void {
		this.#reply.hijack();
		// Proxies in front of us would gather the tokens otherwise.
		const unbuffered = ['cache-control', 'no-cache', 'x-accel-buffering', 'no'];
		const own = ['content-type', contentType, ...unbuffered];
		this.#reply.raw.writeHead(200, withAnswerHeaders(own, info, this.#reply));
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

/**
 * Adds the headers that say who answered. A list, because every answer has a dozen of them: to build an object of that many
 * and to have Node read it costs twice as much.
 * @param headers name, value, name, value, …
 * @returns the same list
 */
function withAnswerHeaders(headers: string[], info: AnswerInfo, reply: FastifyReply): string[] {
	const { requestId, route, target, attempts, unsupported, upstreamRequestId, upstreamHeaders } = info;
	addAll(headers, upstreamHeaders);
	addAll(headers, idHeaders(reply, requestId));
	if (upstreamRequestId !== undefined) headers.push('x-breakwater-upstream-request-id', upstreamRequestId);
	headers.push('x-breakwater-profile', headerValue(route));
	if (target !== undefined) headers.push('x-breakwater-target', headerValue(target));
	if (attempts !== undefined) headers.push('x-breakwater-attempts', String(attempts));
	if (unsupported !== undefined) headers.push('x-breakwater-unsupported', unsupportedText(unsupported));
	if (info.costUsd !== undefined) headers.push('x-breakwater-cost-usd', usdText(info.costUsd));
	if (info.isEstimated === true) headers.push('x-breakwater-estimated', 'true');
	if (info.spentBudgets !== undefined) headers.push('x-breakwater-spent-budgets', listed(info.spentBudgets));
	if (info.dropped !== undefined) headers.push('x-breakwater-dropped', listed(info.dropped));
	if (info.passedOver !== undefined) headers.push('x-breakwater-passed-over', listed(info.passedOver));
	return headers;
}

/** No header may be so long that a proxy in front refuses the answer. */
function listed(names: readonly string[]): string {
	const shown = names.slice(0, 10).map((name) => headerValue(name).slice(0, 100));
	return [...shown, ...(names.length > 10 ? [`and ${names.length - 10} more`] : [])].join('; ');
}

function addAll(headers: string[], more: Readonly<Record<string, string>> = {}): void {
	for (const name in more) headers.push(name, more[name] ?? '');
}

/** `a/model-a; field=seed` */
function unsupportedText({ target, field }: UnsupportedField): string {
	return headerValue(field === undefined ? target : `${target}; field=${field}`);
}

/** Names come from the configuration and may be in any script; a header is Latin. */
export function headerValue(name: string): string {
	return /^[\x20-\x7e]*$/.test(name) ? name : encodeURIComponent(name.toWellFormed());
}
