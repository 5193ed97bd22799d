import { expect } from 'vitest';
import { type Behaviour, resets, status, truncates } from '../../helpers/upstream.ts';
import { beginning, fails, sends, sendsJson, wall } from './pair.ts';
import type { ErrorName, Spoken } from './spoken.ts';

/** A fault before the first word of an answer. */
export interface EarlyFault {
	does: (spoken: Spoken) => Behaviour;
	/** What it is taken for. */
	is: { category: string; reason?: string; status?: number; retryAfterMs?: number };
	/** What becomes of its provider. Default: the failure is counted, and the provider asked again. */
	leaves?: object;
	/** What a caller is told who gets no answer. */
	told: { status: number; code?: string; param?: string | null; message?: RegExp };
	/** What the client's library makes of that. Default: `retries`. */
	client?: 'retries' | 'waits' | 'gives up';
	/** It happens to such requests alone. */
	only?: 'stream' | 'document';
	/** No other provider is asked: what is wrong is the request. */
	isFinal?: boolean;
}

const page = '<!DOCTYPE html><html><head><title>Sign in</title></head><body>Please sign in</body></html>';
const json = { type: 'application/json' };

const told =
	(name: ErrorName, headers?: Record<string, string>): EarlyFault['does'] =>
	(spoken) =>
		fails(spoken, name, headers);

const unhurt = { state: 'closed', consecutiveFailures: 0, unavailableModels: {} };
const failed = { status: 502, code: 'all_targets_failed' };
const busy = { status: 503, code: 'all_targets_overloaded' };
const limited = { status: 429, code: 'all_targets_limited' };
const broken = { category: 'SERVER_ERROR' };
const overloaded = { ...broken, reason: 'overloaded' };
const malformed = { ...broken, reason: 'malformed', status: 200 };

export const earlyFaults: Readonly<Record<string, EarlyFault>> = {
	'a rate limit': {
		does: told('limited', { 'retry-after': '7' }),
		is: { category: 'RATE_LIMIT', status: 429, retryAfterMs: 7000 },
		leaves: { state: 'open', reason: 'hint' },
		told: limited,
		client: 'waits',
	},
	'a broken server': { does: told('broken'), is: { ...broken, status: 500 }, told: failed },
	'a bad gateway': { does: () => status(502, page), is: { ...broken, status: 502 }, told: failed },
	'a 503 without a word': { does: () => status(503, ''), is: { ...broken, status: 503 }, told: failed },
	'an overloaded server': { does: told('overloaded'), is: overloaded, told: busy },
	'a dead key': {
		does: told('key'),
		is: { category: 'AUTH_ERROR', status: 401 },
		leaves: { state: 'open', reason: 'auth' },
		told: { status: 502, code: 'provider_auth_failed' },
		client: 'gives up',
	},
	'an exhausted quota': {
		does: told('quota'),
		is: { category: 'QUOTA_EXCEEDED' },
		leaves: { state: 'quota-cooldown', reason: 'quota' },
		told: limited,
		client: 'gives up',
	},
	'an unknown model': {
		does: told('model'),
		is: { category: 'MODEL_UNAVAILABLE', status: 404 },
		leaves: { state: 'closed', consecutiveFailures: 0, unavailableModels: { one: expect.any(String) } },
		told: { status: 404, code: 'model_not_found' },
		client: 'gives up',
	},
	'a conversation that is too long': {
		does: told('window'),
		is: { category: 'BAD_REQUEST', reason: 'context_length' },
		leaves: unhurt,
		told: { status: 400, code: 'context_length_exceeded' },
		client: 'gives up',
	},
	'a request that is too large': {
		does: told('large'),
		is: { category: 'BAD_REQUEST', reason: 'too_large' },
		leaves: unhurt,
		told: { status: 413, code: 'request_too_large' },
		client: 'gives up',
	},
	'a wrong request': {
		does: told('wrong'),
		is: { category: 'BAD_REQUEST', status: 400 },
		leaves: unhurt,
		told: { status: 400, message: /^The temperature is too high$/ },
		client: 'gives up',
		isFinal: true,
	},
	'a request that breaks the rules': {
		does: told('policy'),
		is: { category: 'BAD_REQUEST', reason: 'content_policy' },
		leaves: unhurt,
		told: { status: 400, code: 'content_policy_violation', message: /safety system|content filtering policy/ },
		client: 'gives up',
		isFinal: true,
	},
	'a web page under a 200': { does: () => sends(page, { type: 'text/html' }), is: malformed, told: failed },
	'an empty answer': { does: () => sends('', json), is: malformed, told: failed },
	'an empty stream': { does: () => sends(''), is: malformed, told: failed, only: 'stream' },
	'an error under a 200': {
		does: (spoken) => sendsJson(spoken.error('overloaded')[1]),
		is: { ...overloaded, status: 200 },
		told: busy,
	},
	'an error as the first event': {
		does: (spoken) => sends(spoken.wire([spoken.errorEvent('overloaded')])),
		is: { ...overloaded, status: 200 },
		told: busy,
		only: 'stream',
	},
	'an error behind the beginning': {
		does: (spoken) => sends(beginning(spoken, wall, 0, spoken.errorEvent('overloaded'))),
		is: { ...overloaded, status: 200 },
		told: busy,
		only: 'stream',
	},
	'a rate limit in a stream': {
		does: (spoken) => sends(spoken.wire([spoken.errorEvent('limited')])),
		is: { category: 'RATE_LIMIT', status: 200 },
		told: limited,
		only: 'stream',
	},
	'an exhausted quota in a stream': {
		does: (spoken) => sends(beginning(spoken, wall, 0, spoken.errorEvent('quota'))),
		is: { category: 'QUOTA_EXCEEDED', status: 200 },
		leaves: { state: 'quota-cooldown', reason: 'quota' },
		told: limited,
		client: 'gives up',
		only: 'stream',
	},
	'a conversation that is too long, told in a stream': {
		does: (spoken) => sends(beginning(spoken, wall, 0, spoken.errorEvent('window'))),
		is: { category: 'BAD_REQUEST', reason: 'context_length', status: 200 },
		leaves: unhurt,
		told: { status: 400, code: 'context_length_exceeded' },
		client: 'gives up',
		only: 'stream',
	},
	'an answer that ends in a failure': {
		does: (spoken) => sendsJson(spoken.failedDocument),
		is: { ...broken, status: 200 },
		told: failed,
	},
	'broken JSON': {
		does: (spoken) => sends(JSON.stringify(spoken.document(wall)).slice(0, -9), json),
		is: malformed,
		told: failed,
	},
	'another document': { does: () => sendsJson({ hello: 'there' }), is: malformed, told: failed },
	'a document that is shorter than announced': {
		does: (spoken) => truncates(spoken.document(wall)),
		is: malformed,
		told: failed,
		only: 'document',
	},
	'a stream that ends before its content': {
		does: (spoken) => sends(beginning(spoken, wall, 0)),
		is: malformed,
		told: failed,
		only: 'stream',
	},
	'a stream with nothing but an end mark': {
		does: (spoken) => sends(beginning(spoken, wall, 0) + spoken.pieces(wall).mark),
		is: malformed,
		told: failed,
		only: 'stream',
	},
	'a stream that is cut before its content': {
		does: (spoken) => sends(beginning(spoken, wall, 0), { end: 'fin' }),
		is: { category: 'NETWORK_ERROR', reason: 'closed' },
		told: failed,
		only: 'stream',
	},
	'a connection that is reset': {
		does: () => resets(),
		is: { category: 'NETWORK_ERROR', reason: 'reset' },
		told: failed,
	},
};
