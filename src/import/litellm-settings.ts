import { mostFailures, mostRetries } from '../config/policy-defaults.ts';
import { callerKey } from '../config/server-schema.ts';
import { asObject } from '../values/json.ts';
import type { DraftPolicy, DraftServer } from './draft.ts';
import { noEquivalent } from './litellm-request.ts';
import { flag, Members, milliseconds, type Report, variableNamed, wholeNumber } from './litellm-values.ts';
import { shown } from './notice.ts';
import { onErrorOf } from './openrouter-settings.ts';
import type { SourcePath } from './source-file.ts';

/** What `router_settings` and `litellm_settings` say of failures; absent is what they do not say. */
export interface LitellmSettings {
	retries?: number;
	timeoutMs?: number;
	firstTokenMs?: number;
	failureThreshold?: number;
	cooldownMs?: number;
	/** `drop_params`: targets are asked without what they cannot be told. */
	sendsWithout?: boolean;
	/** Entries of `onError`. */
	retryPolicy: DraftPolicy;
	/** The same for one group, by its name. */
	groupRetryPolicies: ReadonlyMap<string, DraftPolicy>;
	/** Lists of fallbacks, of the sections where they stand: those of the router come first. */
	fallbacks: Readonly<Record<FallbackList, readonly Placed[]>>;
	/** Further names of groups. */
	aliases: readonly Placed[];
}

export interface Placed {
	value: unknown;
	path: SourcePath;
}

const fallbackLists = [
	'fallbacks',
	'default_fallbacks',
	'context_window_fallbacks',
	'content_policy_fallbacks',
] as const;
export type FallbackList = (typeof fallbackLists)[number];

/**
 * Reads what the file says of failures. Of what stands in both sections, the router's counts.
 * @param sections those that are there, the router's first
 */
export function readLitellmSettings(sections: readonly Members[], report: Report): LitellmSettings {
	const told = <T>(names: readonly string[], read: (value: unknown) => T | undefined, what: string): T | undefined => {
		const given = sections.flatMap((section) =>
			names.flatMap((name) => {
				const value = section.read(name);
				return value === undefined ? [] : [{ name, value, path: [...section.path, name] }];
			}),
		);
		const [first] = given;
		const result = first === undefined ? undefined : read(first.value);
		if (first !== undefined && result === undefined)
			report('warning', first.path, `\`${first.name}\` is not ${what} and was not imported.`);
		return result;
	};
	const placed = (name: string): Placed[] =>
		sections.flatMap((section) => {
			const value = section.read(name);
			return value === undefined ? [] : [{ value, path: [...section.path, name] }];
		});
	const seconds = 'a number of seconds above 0';
	const retries = told(['num_retries'], asRetries, `a whole number from 0 to ${mostRetries}`);
	const timeoutMs = told(['timeout', 'request_timeout'], milliseconds, seconds);
	const firstTokenMs = told(['stream_timeout'], milliseconds, seconds);
	const allowed = told(['allowed_fails'], (value) => wholeNumber(value, 0, mostFailures - 1), 'a whole number from 0');
	const cooldownMs = told(['cooldown_time'], milliseconds, seconds);
	const sendsWithout = told(['drop_params'], flag, '`true` or `false`');
	if (allowed !== undefined)
		report(
			'warning',
			placeOf(sections, 'allowed_fails'),
			`\`allowed_fails\` counts the failures of a minute; it became \`failureThreshold: ${allowed + 1}\`, which counts those in a row.`,
		);
	const lists = fallbackLists.map((list) => [list, placed(list)]);
	const settings: LitellmSettings = {
		...(retries !== undefined && { retries }),
		...(timeoutMs !== undefined && { timeoutMs }),
		...(firstTokenMs !== undefined && { firstTokenMs }),
		...(allowed !== undefined && { failureThreshold: allowed + 1 }),
		...(cooldownMs !== undefined && { cooldownMs }),
		...(sendsWithout !== undefined && { sendsWithout }),
		retryPolicy: Object.assign(
			{},
			...placed('retry_policy')
				.map((one) => readRetryPolicy(one, report))
				.reverse(),
		),
		groupRetryPolicies: new Map(placed('model_group_retry_policy').flatMap((one) => groupPolicies(one, report))),
		fallbacks: Object.fromEntries(lists) as LitellmSettings['fallbacks'],
		aliases: placed('model_group_alias'),
	};
	for (const section of sections) reportUnread(section, report);
	return settings;
}

function placeOf(sections: readonly Members[], name: string): SourcePath {
	const section = sections.find((one) => one.read(name) !== undefined);
	return [...(section?.path ?? []), name];
}

function asRetries(value: unknown): number | undefined {
	return wholeNumber(value, 0, mostRetries);
}

/** Kinds of LiteLLM's errors (https://docs.litellm.ai/docs/exception_mapping), and what they are called here. */
const kinds: Readonly<Record<string, readonly string[]>> = {
	BadRequestErrorRetries: ['BAD_REQUEST'],
	AuthenticationErrorRetries: ['AUTH_ERROR'],
	TimeoutErrorRetries: ['TIMEOUT'],
	RateLimitErrorRetries: ['RATE_LIMIT'],
	ContentPolicyViolationErrorRetries: ['BAD_REQUEST.content_policy'],
	ServiceUnavailableErrorRetries: ['SERVER_ERROR'],
	InternalServerErrorRetries: ['SERVER_ERROR'],
	NotFoundErrorRetries: ['MODEL_UNAVAILABLE'],
	DefaultRetries: ['NETWORK_ERROR', 'UNKNOWN_TRANSIENT'],
};

function readRetryPolicy({ value, path }: Placed, report: Report): DraftPolicy {
	const policy = asObject(value);
	if (policy === undefined) {
		report('warning', path, 'This retry policy is not a map and was not imported.');
		return {};
	}
	const members = new Members(policy, path);
	const entries: [string, { retries: number }][] = [];
	// A later kind wins where two are one here: internal errors are more than an overload.
	for (const [kind, categories] of Object.entries(kinds)) {
		const given = members.read(kind);
		if (given === undefined) continue;
		const retries = asRetries(given);
		const message = `\`${kind}\` is not a whole number from 0 to ${mostRetries} and was not imported.`;
		if (retries === undefined) report('warning', [...path, kind], message);
		else entries.push(...categories.map((category): [string, { retries: number }] => [category, { retries }]));
	}
	reportUnread(members, report);
	return Object.fromEntries(entries);
}

function groupPolicies({ value, path }: Placed, report: Report): [string, DraftPolicy][] {
	const groups = asObject(value) ?? {};
	return Object.entries(groups).map(([group, policy]) => [
		group,
		readRetryPolicy({ value: policy, path: [...path, group] }, report),
	]);
}

function reportUnread(members: Members, report: Report): void {
	for (const [name] of members.unread()) report('warning', [...members.path, name], noEquivalent(name));
}

/** The `onError` of the file: retries by number, and over them those by kind. A rejected key is no end in LiteLLM. */
export function onErrorIn({ retries, retryPolicy }: LitellmSettings): DraftPolicy {
	const byNumber = retries === undefined ? {} : onErrorOf(retries);
	const byKind = asObject(retryPolicy) ?? {};
	const authError = { ...asObject(byKind.AUTH_ERROR), then: 'next' };
	return { ...byNumber, ...byKind, AUTH_ERROR: authError };
}

/**
 * Reads who may call. A name that no group has is refused there, so it is here.
 * @param keys the variable that is to hold the key goes in, with the key itself where the file has it
 */
export function readGeneralSettings(section: Members, keys: Map<string, string>, report: Report): DraftServer {
	const written = section.read('master_key');
	reportUnread(section, report);
	if (written === undefined) return { unknownModel: 'reject' };
	const variable = variableNamed(written) ?? 'LITELLM_MASTER_KEY';
	const isLiteral = variableNamed(written) === undefined;
	const isUsable = callerKey.safeParse(written).success;
	if (isLiteral && !isUsable) {
		const message = `Callers need a key of at least 16 visible characters, which this \`master_key\` is not; set ${shown(variable)} to one, and give it to them.`;
		report('warning', [...section.path, 'master_key'], message);
	}
	keys.set(variable, isLiteral && isUsable && typeof written === 'string' ? written : '');
	return { unknownModel: 'reject', clients: { litellm: variable } };
}
