import type { OperatorEvent, ProviderAlarm, ProviderStateName } from '../../machines/events.ts';
import type { CheckEnded } from '../../machines/health-check/machine.ts';
import type { Progress } from '../../machines/request/progress.ts';
import type { BudgetNews } from './budget-figures.ts';
import type { CallRecord } from './call-record.ts';
import type { KeyTrouble } from './key-news.ts';
import type { ProviderHealth } from './service.ts';

/** Those who only listen: logs, metrics, notifications, the inspector. None of what they get holds a word of a caller. */
export interface GatewayObserver {
	callStarted?(call: StartedCall): void;
	callEnded?(record: CallRecord): void;
	providerChanged?(id: string, from: ProviderStateName, to: ProviderStateName, health: ProviderHealth): void;
	/** @param source what it is about in the file: a credential, `providers.openai.apiKey[0]`, or the place of a model */
	providerAlarmed?(id: string, source: string, alarm: ProviderAlarm): void;
	/**
	 * A person acted on a provider through the admin API; it may have changed nothing.
	 * @param by the address that it came from, where it came from one
	 */
	providerOperated?(
		id: string,
		action: OperatorEvent,
		from: ProviderStateName,
		to: ProviderStateName,
		by: string | undefined,
	): void;
	/**
	 * The key of a credential was fetched: for the first time, anew, or well again after trouble.
	 * @param source where it stands in the file: `providers.openai.apiKey[0]`
	 */
	keyFetched?(id: string, source: string): void;
	/** The key of a credential could not be fetched, and is tried again; trouble that lasts is told again after a while. */
	keyTroubled?(id: string, source: string, trouble: KeyTrouble): void;
	/** The life of a fetched key cannot be what its giver says. @param what the rest of a sentence that begins with the giver */
	keyDoubted?(id: string, source: string, what: string): void;
	/** A key was checked without a request. @param id of its provider actor */
	healthChecked?(id: string, check: CheckEnded): void;
	/** A target does not take a field of requests: told once for each target and field. */
	fieldRefused?(refused: RefusedField): void;
	/** A budget is to be warned of, or is spent: told once for each period and each of the two. */
	budgetReached?(news: BudgetNews): void;
	/** A request was refused before any provider was asked; there is no call. */
	callRefused?(refusal: RefusedCall): void;
	/** A caller asked for a `model` that is neither a profile nor a target, and the default profile serves. */
	modelUnknown?(model: string, route: string): void;
	/**
	 * This machine kept an attempt from being made: it has no file descriptor, port or memory left.
	 * @param what a sentence with the code of the error and where it was met
	 */
	localFault?(what: string): void;
	/**
	 * A connection to a provider was ended, for it sent bytes that belong to none of its answers: its connections are not
	 * kept for a while.
	 * @param origin `https://api.example.com`
	 * @param wasTrusted they were kept until now
	 */
	surplusReceived?(origin: string, wasTrusted: boolean): void;
	/** A look-up of a name ended with an error, or is late. */
	lookUpTroubled?(trouble: LookUpTrouble): void;
	/** A bug of ours, with the request that met it. */
	crashed?(error: unknown, requestId: string): void;
}

/** `late` look-ups may still end well; each is counted as late once. */
export const lookUpTroubles = ['failed', 'late'] as const;
export type LookUpTrouble = (typeof lookUpTroubles)[number];

/** A field that a target does not take. */
export interface RefusedField {
	/** `provider/model`. */
	target: string;
	/** Its path in the body, such as `seed` or `messages[].reasoning_content`; undefined where the provider did not say. */
	field: string | undefined;
	/** Breakwater had added it; else it is a caller's. */
	isOurs: boolean;
}

/** A request that became no call. */
export interface RefusedCall {
	/** The request's id, as the caller got it. */
	id: string;
	/** The stable code of the error that the caller got. */
	code: string;
	/** Its HTTP status. */
	status: number;
	/** The name of the caller, where callers have keys and this one's was right. */
	client?: string | undefined;
	/** The address that it came from. */
	address?: string | undefined;
}

/** A call that has just begun. */
export interface StartedCall {
	id: string;
	/** The profile, or the target when the call named one. */
	route: string;
	stream: boolean;
	client?: string | undefined;
	/** ms of the process's clock. */
	startedAt: number;
	/**
	 * Called after each event, until its end, with how far the call has come and in which state it is
	 * (`committed.streaming`). It costs the call a little: follow only what is looked at.
	 */
	follow(listener: (progress: Progress, state: string) => void): void;
	/** How far it has come, and its state, at this moment. */
	present(): { progress: Progress; state: string };
}

/** One observer that tells them all, in this order; it listens to nothing that none of them listens to. */
export function joinObservers(observers: readonly GatewayObserver[]): GatewayObserver {
	const joined: Record<string, (...args: never[]) => void> = {};
	for (const name of new Set(observers.flatMap(Object.keys))) {
		const listeners = observers.flatMap((observer) => observer[name as keyof GatewayObserver]?.bind(observer) ?? []);
		joined[name] = (...args) => {
			for (const listener of listeners as ((...args: never[]) => void)[]) listener(...args);
		};
	}
	return joined;
}
