import { setTimeout as sleep } from 'node:timers/promises';
import type { Outcome } from '../../../src/verify/play/case-script.ts';
import { imaginedTokens } from '../../../src/verify/play/imagined-model.ts';
import {
	type Behaviour,
	chunkOf,
	completes,
	completionOf,
	hangs,
	type ReceivedRequest,
	resets,
	type SseEvent,
	stallsAfter,
	status,
	streams,
	truncates,
} from '../../helpers/upstream.ts';

/** What a real upstream does for an outcome; the answer goes on from whatever text it is shown. */
export function behaviourOf(outcome: Outcome, { json }: ReceivedRequest): Behaviour {
	const { stream = false, messages } = json as { stream?: boolean; messages: { role: string; content: string }[] };
	const shown = messages.findLast(({ role }) => role === 'assistant')?.content ?? '';
	// An instruction asks for the last words again.
	const again = shown !== '' && messages.at(-1)?.role === 'user' && isLastShown(messages, shown) ? 1 : 0;
	const first = (shown.match(/\S+/g)?.length ?? 0) - again;
	const begun = (tokens: number): SseEvent[] => [
		chunkOf({ role: 'assistant', content: '' }),
		...Array.from({ length: tokens === 0 ? 0 : tokens + again }, (_, index) =>
			chunkOf({ content: imaginedTokens(first + index, first + index + 1) }),
		),
	];
	switch (outcome.does) {
		case 'answer':
			if (!stream) return later(outcome.afterMs + outcome.takesMs, completes(completionOf(imaginedTokens(0, 12))));
			if (outcome.takesMs > 0) return streams(begun(2000), { end: 'cut', delayMs: 10 });
			return later(outcome.afterMs, streams([...begun(12), chunkOf({}, 'stop')]));
		case 'say-nothing':
			return later(outcome.afterMs, stream ? streams([...begun(0), chunkOf({}, 'stop')]) : completes(completionOf('')));
		case 'status':
			return later(outcome.afterMs, status(outcome.status, errorOf(outcome), hintOf(outcome.retryAfterMs)));
		case 'silence':
			return hangs();
		case 'network-error':
			return later(outcome.afterMs, resets());
		case 'break': {
			const { how, tokens } = outcome;
			if (how === 'cut') return stream ? streams(begun(tokens), { end: 'cut' }) : truncates();
			if (how === 'stall') return stream ? streams(begun(tokens), { end: 'stall' }) : stallsAfter('{"id": ');
			const isSilent = outcome.code === undefined && outcome.type === undefined && outcome.message === undefined;
			const said = errorOf(isSilent ? { ...outcome, type: 'server_error' } : outcome, true);
			return stream ? streams([...begun(tokens), said], { end: 'close' }) : completes(said);
		}
		case 'failure': {
			const { failure, tokens } = outcome;
			const code = `as-${failure.category}${failure.reason === undefined ? '' : `-${failure.reason}`}`;
			const { retryAfterMs } = failure;
			const said = { code, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
			if (stream && tokens > 0) return streams([...begun(tokens), errorOf(said, true)], { end: 'close' });
			return status(failure.category === 'BAD_REQUEST' ? 400 : 503, errorOf(said), hintOf(retryAfterMs));
		}
	}
}

function isLastShown(messages: readonly { content: string }[], shown: string): boolean {
	return messages.at(-2)?.content === shown;
}

function later(ms: number, inner: Behaviour): Behaviour {
	if (ms === 0) return inner;
	return async (exchange) => {
		await sleep(ms, undefined, { signal: exchange.over }).catch(() => {});
		if (!exchange.over.aborted) await inner(exchange);
	};
}

interface Said {
	code?: string;
	type?: string;
	message?: string;
	retryAfterMs?: number;
}

function errorOf({ code, type, message = '', retryAfterMs }: Said, hintInBody = false): object {
	const hint = hintInBody && retryAfterMs !== undefined ? { retry_after_ms: retryAfterMs } : {};
	return { error: { message, type: type ?? null, param: null, code: code ?? null, ...hint } };
}

function hintOf(ms: number | undefined): Record<string, string> {
	if (ms === undefined) return {};
	return ms % 1000 === 0 ? { 'retry-after': String(ms / 1000) } : { 'retry-after-ms': String(ms) };
}
