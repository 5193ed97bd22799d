import type { Config, HealthConfig, ProviderConfig } from '../../../config/config.ts';
import { checkedTarget, mostCostOfCheck } from '../../../gateway/health/check-plan.ts';
import { pricesOf } from '../../../prices/price-of.ts';
import { usdText } from '../../../prices/price-text.ts';
import { clock } from '../../../values/clock.ts';
import { countText } from '../../../values/figures.ts';
import { timeText } from '../../../values/time-text.ts';
import type { Finding, Rule } from '../rule.ts';
import type { LintSubject } from '../subject.ts';

const DAY_MS = 86_400_000;

type CheckedProvider = ProviderConfig & { health: HealthConfig };

function checkedProviders({ providers }: Config): CheckedProvider[] {
	return Object.values(providers).filter((provider): provider is CheckedProvider => provider.health !== undefined);
}

const writtenAt = (name: string, option: string) => [
	['providers', name, 'health', option],
	['health', option],
	['providers', name, 'health'],
	['health'],
];

/** With each key, were every check made. */
function checksPerDay({ every, maxPerDay = Number.POSITIVE_INFINITY }: HealthConfig): number {
	return Math.min(Math.ceil(DAY_MS / every), maxPerDay);
}

function costsOfChecks({ config }: LintSubject): Finding[] {
	const prices = pricesOf(config, clock.toWall(clock.now()));
	return checkedProviders(config).flatMap((provider): Finding[] => {
		const { name, health } = provider;
		const asked = health.with === 'chat' ? checkedTarget(config, provider, prices) : undefined;
		const price = asked && prices.get(asked.target);
		const each = mostCostOfCheck(price);
		if (asked === undefined || health.isOwnServer) return [];
		const times = checksPerDay(health);
		const at = writtenAt(name, 'with');
		if (each === undefined) {
			return health.maxPerDay !== undefined
				? []
				: [
						{
							at,
							severity: 'warning',
							reason: `\`${name}\` is checked up to ${countText(times)} times a day with each key by a request to \`${asked.target}\`, whose price is not known, so that \`maxCostPerDay\` bounds nothing`,
							advice: 'give the model a `price`, or write a `maxPerDay`',
						},
					];
		}
		const whole = each * times;
		const most = Math.min(whole, health.maxCostPerDay);
		const bound = whole > health.maxCostPerDay ? ' (where `maxCostPerDay` ends them)' : '';
		return [
			{
				at,
				reason: `\`${name}\` is checked up to ${countText(times)} times a day with each key by a request to \`${asked.target}\`, which costs up to $${usdText(most)} a day${bound}`,
				advice: 'write `with: models` where the connection is what fails',
			},
		];
	});
}

function checksWithoutTarget({ config }: LintSubject): Finding[] {
	return checkedProviders(config).flatMap((provider): Finding[] => {
		const { name, health } = provider;
		if (health.with !== 'chat' || checkedTarget(config, provider, new Map()) !== undefined) return [];
		return [
			{
				at: writtenAt(name, 'with'),
				reason: `\`${name}\` is to be checked by an answer of a model, and no model of it is in a chain or among its \`models\`, so that it is not checked`,
				advice: 'write `with: models`, or put a model of it into a chain',
			},
		];
	});
}

/** A check may take until its time-outs are over; the next one is due `every` after its end. */
function checksLongerThanTheirInterval({ config }: LintSubject): Finding[] {
	return checkedProviders(config).flatMap(({ name, health, policy }): Finding[] => {
		const { connect, firstToken, response } = policy.timeouts;
		const longestMs = connect + Math.min(firstToken, response);
		if (health.every >= longestMs) return [];
		return [
			{
				at: writtenAt(name, 'every'),
				reason: `\`${name}\` is checked every ${timeText(health.every)}, and one check of a provider that hangs takes up to ${timeText(longestMs)} (\`timeouts.connect\` and \`firstToken\`), so that checks are rarer just then`,
				advice: `write an \`every\` of at least ${timeText(longestMs)}, or shorter time-outs`,
			},
		];
	});
}

/** The list of Azure is that of what could be deployed, from another part of the service than what answers. */
function listsThatProveNothing({ config }: LintSubject): Finding[] {
	return checkedProviders(config).flatMap(({ name, health, protocol }): Finding[] => {
		if (health.with !== 'models' || protocol !== 'azure') return [];
		return [
			{
				at: writtenAt(name, 'with'),
				reason: `\`${name}\` has no list of its deployments: \`with: models\` asks Azure for what could be deployed, which proves the key and the connection, and none of your deployments`,
				advice: 'write `with: chat` to have a deployment answer',
			},
		];
	});
}

export const healthRules: readonly Rule[] = [
	{
		id: 'health-check-cost',
		severities: ['warning', 'note'],
		finds: 'active checks that cost something, and what they cost a day; a warning where nobody knows it',
		find: (subject) => costsOfChecks(subject).map((finding) => ({ severity: 'note' as const, ...finding })),
	},
	{
		id: 'health-check-without-model',
		severities: ['warning'],
		finds: '`health` with `chat` at a provider none of whose models is in use',
		find: checksWithoutTarget,
	},
	{
		id: 'health-check-interval',
		severities: ['note'],
		finds: 'active checks that may take longer than the time between two of them',
		find: checksLongerThanTheirInterval,
	},
	{
		id: 'health-check-list',
		severities: ['note'],
		finds: '`health` with `models` at a provider whose list says nothing of what is asked there',
		find: listsThatProveNothing,
	},
];
