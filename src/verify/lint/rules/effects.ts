import type { Effect } from '../../../../machines/policy.ts';
import { categoryOf } from '../../../config/failure-keys.ts';
import type { Finding, Rule } from '../rule.ts';
import { effectAt, type LintedProvider, written } from '../subject.ts';

type Objection = Pick<Finding, 'reason' | 'advice' | 'severity'>;

/** What an effect on a failure with this key does that nobody can want; undefined when it is sound. */
type Verdicts = (key: string, effect: Effect) => Objection | undefined;

function isOneOf(effect: Effect, ...effects: readonly Effect[]): boolean {
	return effects.includes(effect);
}

/** The effects of a provider on the failures of some categories, with and without a reason, as one of the rules sees them. */
const effectsOn =
	(categories: readonly string[], lint: Verdicts): Rule['find'] =>
	({ providers }) =>
		providers.flatMap((linted) => findingsOn(linted, categories, lint));

function findingsOn(linted: LintedProvider, categories: readonly string[], lint: Verdicts): Finding[] {
	const { effects } = linted.policy.breaker;
	return Object.keys(effects)
		.filter((key) => categories.includes(categoryOf(key)))
		.flatMap((key) => {
			const verdict = lint(key, effectAt(linted.provider, key));
			return verdict === undefined
				? []
				: { ...verdict, at: written(linted, ['breaker', 'effects', key]), about: key, concerns: linted.concerns };
		});
}

/** What a caller's mistake does to everyone else. */
const harms: Readonly<Record<Exclude<Effect, 'none'>, string>> = {
	count: 'bad requests of one caller open it for all callers',
	cool: 'bad requests of one caller open it for all callers',
	auth: 'one bad request opens it for all callers, as if its key were rejected',
	quota: 'one bad request opens it for all callers, as if its account were empty',
	model: 'one bad request makes the model unavailable to all callers',
};

function onBadRequest(key: string, effect: Effect): Objection | undefined {
	if (effect === 'none') return undefined;
	return {
		reason: `${key} has the effect \`${effect}\` on its provider: ${harms[effect]}`,
		advice: "write `none`, as a caller's mistake says nothing about the provider",
	};
}

/** Some providers limit each model by itself, or give a key to some models only, and say so with a reason. */
function isOfOneModel(key: string, effect: Effect): boolean {
	return effect === 'model' && key.includes('.');
}

function onQuota(key: string, effect: Effect): Objection | undefined {
	if (effect === 'quota' || isOfOneModel(key, effect)) return undefined;
	return {
		reason:
			effect === 'auth'
				? `${key} has the effect \`auth\`, so an empty account is treated as a rejected key, and cools down for \`authCooldown\` instead of until the provider's reset time`
				: `${key} has the effect \`${effect}\`, so a provider that ran out of credit is asked again and again${effect === 'model' ? ' for its other models' : ''}`,
		advice: 'write `quota`',
	};
}

function onAuth(key: string, effect: Effect): Objection | undefined {
	if (effect === 'auth' || isOfOneModel(key, effect)) return undefined;
	return {
		reason:
			effect === 'quota'
				? `${key} has the effect \`quota\`, so a rejected key is treated as an empty account, and cools down only as long as the provider says or for \`quotaCooldown\`, not for \`authCooldown\``
				: `${key} has the effect \`${effect}\`, so a rejected key is asked again and again${effect === 'model' ? ' for its other models' : ', and nobody is notified'}`,
		advice: 'write `auth`',
	};
}

function onMissingModel(key: string, effect: Effect): Objection | undefined {
	if (isOneOf(effect, 'model', 'none')) return undefined;
	return {
		reason: `${key} has the effect \`${effect}\`, so one model that is missing opens the provider, and its other models are not asked either`,
		advice: 'write `model`, which makes only that model unavailable',
	};
}

function onOutage(key: string, effect: Effect): Objection | undefined {
	if (isOneOf(effect, 'auth', 'quota', 'model')) {
		return {
			reason: `${key} has the effect \`${effect}\`, so a single failure that passes by itself has consequences that are meant for failures that only a person can put right`,
			advice: 'write `count`',
		};
	}
	if (effect !== 'none' || key.includes('.')) return undefined;
	return {
		reason: `${key} has the effect \`none\`, so a provider that is down in this way is never opened, and every request asks it first`,
		advice: 'write `count`',
	};
}

export const effectRules: readonly Rule[] = [
	{
		id: 'bad-request-counts',
		severities: ['error'],
		breaks: 'callers-mistake-is-no-evidence',
		finds: "a caller's mistake that counts against a provider",
		find: effectsOn(['BAD_REQUEST'], onBadRequest),
	},
	{
		id: 'quota-not-cooled',
		severities: ['error'],
		breaks: 'quota-cools-down',
		finds: 'an exhausted quota that does not cool its provider down',
		find: effectsOn(['QUOTA_EXCEEDED'], onQuota),
	},
	{
		id: 'auth-does-not-open',
		severities: ['error'],
		breaks: 'rejected-key-opens-at-once',
		finds: 'a rejected key that does not open its provider at once',
		find: effectsOn(['AUTH_ERROR'], onAuth),
	},
	{
		id: 'missing-model-opens-provider',
		severities: ['warning'],
		finds: 'a missing model that counts against its whole provider',
		find: effectsOn(['MODEL_UNAVAILABLE'], onMissingModel),
	},
	{
		id: 'outage-misjudged',
		severities: ['warning'],
		finds: 'an outage that never opens its provider, or is treated as a rejected key or an empty account',
		find: effectsOn(['TIMEOUT', 'SERVER_ERROR', 'NETWORK_ERROR', 'RATE_LIMIT'], onOutage),
	},
];
