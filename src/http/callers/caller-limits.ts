import type { CallRecord } from '../../contract/call-record.ts';
import { Refusal } from '../../contract/refusal.ts';
import type { Clients } from './caller-check.ts';
import { TokenAllowance } from './token-allowance.ts';

/** What one request of a caller has taken of its limits. */
export interface Admitted {
	/** For its answer, by their names in lower case. */
	readonly headers: Readonly<Record<string, number>>;
	/**
	 * It is over, or was refused after all: its place is free, and of its tokens those count that were used. To be called once.
	 * @param record absent where no target was asked
	 */
	end(record: CallRecord | undefined): void;
}

/** The limits of one caller, and what of them is taken. */
interface Use {
	readonly concurrent: number;
	readonly allowance: TokenAllowance | undefined;
	requests: number;
}

/** Holds callers to `tokensPerMinute` and `concurrent`. */
export class CallerLimits {
	readonly #uses: ReadonlyMap<string, Use>;

	constructor(clients: Clients = {}) {
		this.#uses = new Map(
			Object.entries(clients).flatMap(([name, { concurrent, tokensPerMinute }]): [string, Use][] => {
				if (concurrent === undefined && tokensPerMinute === undefined) return [];
				const allowance = tokensPerMinute === undefined ? undefined : new TokenAllowance(tokensPerMinute);
				return [[name, { concurrent: concurrent ?? Number.POSITIVE_INFINITY, allowance, requests: 0 }]];
			}),
		);
	}

	/**
	 * @param tokens about how many its prompt has; 0 for what uses none
	 * @returns undefined for a caller without such limits
	 * @throws Refusal where it would be more than the caller may
	 */
	admit(client: string | undefined, tokens: number): Admitted | undefined {
		const use = client === undefined ? undefined : this.#uses.get(client);
		if (client === undefined || use === undefined) return undefined;
		if (use.requests >= use.concurrent) throw tooMany(client, use.concurrent);
		if (tokens > 0 && use.allowance !== undefined) checkTokens(client, use.allowance, tokens);
		use.requests += 1;
		use.allowance?.take(tokens);
		return {
			headers: use.allowance === undefined ? {} : tokenHeaders(use.allowance),
			end: (record) => {
				use.requests -= 1;
				use.allowance?.take(usedTokens(record, tokens) - tokens);
			},
		};
	}
}

/** Where something was answered and nobody counted it, the estimate stands. */
function usedTokens(record: CallRecord | undefined, estimated: number): number {
	if (record === undefined) return 0;
	const { tokens, cost } = record;
	if (tokens.length === 0) return cost === undefined ? 0 : estimated;
	return tokens.reduce((sum, { input, output }) => sum + input + output, 0);
}

function tokenHeaders(allowance: TokenAllowance): Record<string, number> {
	return {
		'x-ratelimit-limit-tokens': allowance.perMinute,
		'x-ratelimit-remaining-tokens': Math.max(0, Math.floor(allowance.left)),
		'x-ratelimit-reset-tokens': secondsUntil(allowance, allowance.perMinute),
	};
}

function secondsUntil(allowance: TokenAllowance, tokens: number): number {
	return Math.ceil(allowance.msUntil(tokens) / 1000);
}

function checkTokens(client: string, allowance: TokenAllowance, tokens: number): void {
	const { perMinute } = allowance;
	if (tokens > perMinute) {
		const message = `The client '${client}' may use ${perMinute} tokens a minute (server.clients), and this request alone has about ${tokens}; make it shorter.`;
		// An SDK that tries again by itself would send the same.
		throw new Refusal('client_rate_limited', message, { headers: { 'x-should-retry': 'false' } });
	}
	const seconds = secondsUntil(allowance, tokens);
	if (seconds === 0) return;
	const message = `The client '${client}' may use ${perMinute} tokens a minute (server.clients), and this request has about ${tokens}; try again in ${seconds} s.`;
	const told = Object.entries(tokenHeaders(allowance)).map(([name, value]) => [name, String(value)]);
	throw new Refusal('client_rate_limited', message, {
		headers: { ...Object.fromEntries(told), 'retry-after': String(seconds) },
	});
}

/** When one of them ends nobody knows. */
function tooMany(client: string, concurrent: number): Refusal {
	const message = `The client '${client}' has ${concurrent} requests in flight, as many as it may (server.clients); try again when one of them has ended.`;
	return new Refusal('client_rate_limited', message, { headers: { 'retry-after': '1' } });
}
