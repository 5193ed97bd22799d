import { z } from 'zod';
import { isOfOwnNetwork } from '../values/own-network.ts';
import type { HealthConfig } from './config.ts';
import { amount, count, duration, flag, oneOf, option, section } from './fields.ts';

/** A check more often than this is a load; ms. */
const SHORTEST_EVERY_MS = 100;

const every = duration().refine((ms) => ms >= SHORTEST_EVERY_MS, {
	error: 'is less than 100ms, which is a load and no check; write for example `30s`',
});

/** How much longer each further wait is, and the longest one, ms. A server of one's own is not spared: it costs nobody anything. */
const backoffOf = (isOwn: boolean) => ({ factor: isOwn ? 1 : 2, max: 600_000 });

const options = {
	every: option(
		every,
		'30s',
		'How often the provider is checked, with each of its keys; at random up to a tenth sooner.',
	),
	with: option(
		oneOf(['models', 'chat']),
		'models',
		'What it is asked for: the list of its models, which costs nothing and proves the connection, or an answer of one token, which proves a model.',
	),
	onlyWhenIdle: option(
		flag(),
		true,
		'Whether a check is left out while requests have had an answer of the provider within `every`.',
	),
	maxCostPerDay: option(
		amount(0.001, 1_000_000),
		0.1,
		'What checks with each key of the provider may cost in 24 hours, USD; beyond it none is made.',
	),
};

const { every: everyOption, with: withOption, onlyWhenIdle, maxCostPerDay } = options;

const healthSection = section({
	every: everyOption.schema,
	with: withOption.schema,
	onlyWhenIdle: onlyWhenIdle.schema,
	backoff: section({
		factor: amount(1, 100)
			.exactOptional()
			.describe(
				'After each failure in a row the next check waits this many times longer. Default: `2`, and `1` for a server of your own network, which costs nothing.',
			),
		max: duration().exactOptional().describe('The longest wait between two checks. Default: `10m`.'),
	})
		.exactOptional()
		.describe('How checks of a provider that fails become rarer.'),
	maxCostPerDay: maxCostPerDay.schema,
	maxPerDay: count(1, 1_000_000)
		.exactOptional()
		.describe('How many checks are made in 24 hours with each key at most. Default: as many as `every` gives.'),
});

export type FileHealth = z.output<typeof healthSection>;

const misfit = 'does not fit; write for example `{ every: 30s, with: models }`, or `off`';

export const health = healthSection
	.exactOptional()
	.describe('Active checks of every provider that has no `health` of its own. Default: none are made.');

/** A provider that is checked although others are not, or the other way round. */
export const providerHealth = z
	.union([z.literal('off', { error: misfit }), healthSection], { error: misfit })
	.exactOptional()
	.describe('How it is checked while nobody asks it; over what `health` of the file says. Default: as the file says.');

/**
 * @param ofFile what the file says of all providers
 * @param baseUrl undefined for a simulated provider
 * @returns undefined where the provider is not checked
 */
export function resolveHealth(
	ofFile: FileHealth | undefined,
	own: FileHealth | 'off' | undefined,
	baseUrl: string | undefined,
): HealthConfig | undefined {
	if (own === 'off' || (own === undefined && ofFile === undefined)) return undefined;
	const isOwnServer = baseUrl === undefined || isOfOwnNetwork(new URL(baseUrl).hostname);
	const given = { ...ofFile, ...own };
	return {
		every: given.every ?? everyOption.preset,
		with: given.with ?? withOption.preset,
		onlyWhenIdle: given.onlyWhenIdle ?? onlyWhenIdle.preset,
		backoff: { ...backoffOf(isOwnServer), ...ofFile?.backoff, ...own?.backoff },
		maxCostPerDay: given.maxCostPerDay ?? maxCostPerDay.preset,
		...(given.maxPerDay !== undefined && { maxPerDay: given.maxPerDay }),
		isOwnServer,
	};
}
