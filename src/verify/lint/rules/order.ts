import type { Config, TargetConfig } from '../../../config/config.ts';
import { targetsOf } from '../../../config/targets.ts';
import { priceOf } from '../../../prices/price-of.ts';
import { durationWords } from '../../../values/time-text.ts';
import type { Finding, Rule } from '../rule.ts';
import { isInChainOrder, type LintedProfile, type LintSubject } from '../subject.ts';
import { leadsOn, worthFailover } from './chain.ts';

/** Where an option of a profile may be written: in it, or in one that it extends. */
function profileOption({ lineage }: LintedProfile, option: string) {
	return lineage.map((name) => ['profiles', name, option]);
}

function costWithoutPrices({ config, profiles }: LintSubject): Finding[] {
	const isPriced = pricedIn(config);
	return profiles
		.filter(({ profile: { order, chain } }) => order.by === 'cost' && !chain.some(isPriced))
		.map((linted) => ({
			at: profileOption(linted, 'order'),
			concerns: linted.concerns,
			reason:
				'`order: cost` needs prices, and that of no target of the chain is known, so that the chain is asked as it is written',
			advice: 'write `price` under `providers.NAME.models.MODEL`, or another order',
		}));
}

function nothingWeighs({ profiles }: LintSubject): Finding[] {
	return profiles
		.filter(({ profile: { order, chain } }) => order.by === 'weighted' && chain.every(({ weight }) => weight === 0))
		.map((linted) => ({
			at: profileOption(linted, 'order'),
			concerns: linted.concerns,
			reason: '`order: weighted` with a `weight` of 0 for every target is the chain as it is written',
			advice: 'give at least one target a `weight` above 0',
		}));
}

function weightsWithoutOrder({ profiles, positions }: LintSubject): Finding[] {
	return profiles.flatMap(({ profile: { order }, candidates, concerns }) =>
		order.by === 'weighted'
			? []
			: candidates
					.filter(({ at }) => positions.isGiven([...at, 'weight']))
					.map(({ at }) => ({
						at: [[...at, 'weight']],
						concerns,
						reason: `\`weight\` counts only with \`order: weighted\`, and the order is \`${order.by}\``,
						advice: 'write `order: weighted` in the profile, or remove the weight',
					})),
	);
}

function keysWithoutKeys({ config: { providers }, positions }: LintSubject): Finding[] {
	return Object.values(providers)
		.filter(({ name, keys, credentials }) => {
			return keys !== 'in-order' && credentials.length < 2 && positions.isGiven(['providers', name, 'keys']);
		})
		.map(({ name, keys }) => ({
			at: [['providers', name, 'keys']],
			concerns: { kind: 'provider' as const, name },
			reason: `\`keys: ${keys}\` orders nothing, for the provider has no more than one key`,
			advice: 'list its keys under `apiKey`, or remove it',
		}));
}

/** For so long after its last use Anthropic keeps a cached prompt, and OpenAI at least, ms. */
const USUAL_CACHE_MS = 300_000;

function affinityTooShort({ profiles }: LintSubject): Finding[] {
	return profiles.flatMap((linted) => {
		const { affinity } = linted.profile.order;
		if (affinity === undefined || affinity >= USUAL_CACHE_MS) return [];
		return [
			{
				at: linted.lineage.map((name) => ['profiles', name, 'affinity', 'for']),
				concerns: linted.concerns,
				reason: `a conversation is remembered for ${durationWords(affinity)}, and providers keep its prompt cached for ${durationWords(USUAL_CACHE_MS)} and longer after each use, so that a slow reader pays for it again elsewhere`,
				advice: 'write at least `5m`',
			},
		];
	});
}

/** A dead key is told by default, for in a chain it is the first target's, or what every target before it failed for. */
function endsAtFirst(linted: LintedProfile): Finding[] {
	const { candidates, concerns, profile } = linted;
	const targets = new Set(candidates.map(({ target }) => target.target));
	if (isInChainOrder(linted) || targets.size < 2) return [];
	const ending = ['AUTH_ERROR', ...worthFailover].filter((key) =>
		candidates.some(({ policy }) => !leadsOn(policy.onError[key]?.then ?? ['next'])),
	);
	if (ending.length === 0) return [];
	const by = profile.order.by === 'fixed' ? 'skipBelow' : `order: ${profile.order.by}`;
	return [
		{
			at: profileOption(linted, profile.order.by === 'fixed' ? 'skipBelow' : 'order'),
			concerns,
			reason: `with \`${by}\` any target may be asked first, and after ${ending.join(', ')} there the request ends, although others may be well`,
			advice: `nothing to do if the caller should see it; otherwise write \`onError: { ${ending[0]}: { then: ${ending[0] === 'AUTH_ERROR' ? '[credential, next]' : 'next'} } }\``,
		},
	];
}

function unknownTierTargets({ config }: LintSubject): Finding[] {
	const known = new Set(targetsOf(config).map(({ target }) => target));
	return (config.tiers ?? []).flatMap(({ name, targets }) =>
		targets.flatMap((target, index) =>
			known.has(target)
				? []
				: [
						{
							at: [['tiers', name, index]],
							reason: `the tier \`${name}\` names \`${target}\`, which is in no chain and in the \`models\` of no provider, so that no request is ever asked of it`,
							advice: 'correct its name, or put it into a chain',
						},
					],
		),
	);
}

function unpricedUnderBound({ config, profiles }: LintSubject): Finding[] {
	const isPriced = pricedIn(config);
	return profiles.flatMap((linted) => {
		const { maxCostPerRequest, chain } = linted.profile;
		if (maxCostPerRequest === undefined) return [];
		const unpriced = [...new Set(chain.filter((target) => !isPriced(target)).map(({ target }) => target))];
		return unpriced.map((target) => ({
			at: profileOption(linted, 'maxCostPerRequest'),
			about: target,
			concerns: linted.concerns,
			reason: `\`maxCostPerRequest\` passes over \`${target}\`, whose price is not known`,
			advice: 'write its `price` under `providers.NAME.models.MODEL`; one that is free has `{ input: 0, output: 0 }`',
		}));
	});
}

/** Whether the price of a target is known. */
function pricedIn({ providers }: Config): (target: TargetConfig) => boolean {
	const now = Date.now();
	return ({ provider, model }) => {
		const configured = providers[provider];
		return configured !== undefined && priceOf(configured, model, now) !== undefined;
	};
}

export const orderRules: readonly Rule[] = [
	{
		id: 'order-without-prices',
		severities: ['warning'],
		finds: '`order: cost` where no price is known',
		find: costWithoutPrices,
	},
	{
		id: 'nothing-weighs',
		severities: ['warning'],
		finds: '`order: weighted` where every target has a `weight` of 0',
		find: nothingWeighs,
	},
	{
		id: 'weight-without-order',
		severities: ['note'],
		finds: 'a `weight` in a profile that is not ordered by weight',
		find: weightsWithoutOrder,
	},
	{
		id: 'keys-without-keys',
		severities: ['note'],
		finds: 'an order of keys at a provider that has one at most',
		find: keysWithoutKeys,
	},
	{
		id: 'affinity-below-cache',
		severities: ['note'],
		finds: 'an affinity that is shorter than providers keep a prompt cached',
		find: affinityTooShort,
	},
	{
		id: 'order-ends-at-failure',
		severities: ['note'],
		finds: 'a failure that ends a request at a target that an order puts first, although others may be well',
		find: ({ profiles }) => profiles.flatMap(endsAtFirst),
	},
	{
		id: 'unknown-tier-target',
		severities: ['warning'],
		finds: 'a tier that names a target which nothing leads to',
		find: unknownTierTargets,
	},
	{
		id: 'unpriced-under-bound',
		severities: ['warning'],
		finds: 'a target without a known price in a profile with `maxCostPerRequest`',
		find: unpricedUnderBound,
	},
];
