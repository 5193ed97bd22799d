import type { Policy } from '../../machines/policy.ts';
import type { Config } from './config.ts';
import type { Findings } from './findings.ts';
import { type Path, type Tree, valueAt } from './tree.ts';

interface Limit {
	section: 'retry' | 'breaker';
	field: string;
	most: string;
	isExceeded: (policy: Policy) => boolean;
}

/** A first wait above its own maximum would be cut in silence, and the provider asked again long before the user thinks. */
const limits: readonly Limit[] = [
	{
		section: 'retry',
		field: 'backoff',
		most: 'maxBackoff',
		isExceeded: ({ retry }) => retry.backoff > retry.maxBackoff,
	},
	{
		section: 'breaker',
		field: 'cooldown',
		most: 'maxCooldown',
		isExceeded: ({ breaker }) => breaker.cooldown > breaker.maxCooldown,
	},
];

/** Reports limits that contradict each other once all layers are laid over each other, where the last layer set one of them. */
export function checkPolicies(config: Config, tree: Tree, findings: Findings): void {
	for (const { name, policy } of Object.values(config.providers)) {
		checkLimits(policy, [['policy'], ['providers', name, 'policy']], tree, findings);
	}
	for (const { name, chain } of Object.values(config.profiles)) {
		const ofProfiles = lineage(name, tree).map((profile) => ['profiles', profile, 'policy']);
		for (const { policy, provider } of chain) {
			checkLimits(policy, [['policy'], ['providers', provider, 'policy'], ...ofProfiles], tree, findings);
		}
	}
}

function checkLimits(policy: Policy, layers: readonly Path[], tree: Tree, findings: Findings): void {
	for (const { section, field, most, isExceeded } of limits) {
		if (!isExceeded(policy)) continue;
		const options = layers.flatMap((layer) => [
			[...layer, section, most],
			[...layer, section, field],
		]);
		const last = options.findLast((option) => valueAt(tree, option) !== undefined);
		if (last === undefined) continue;
		const predicate =
			last.at(-1) === field
				? `is longer than \`${most}\`; shorten it, or raise \`${most}\` beside it`
				: `is shorter than \`${field}\`; raise it, or shorten \`${field}\``;
		findings.add(tree, last, 'value', predicate);
	}
}

/** The profiles that a profile extends, the most distant first, and itself. */
function lineage(name: string, tree: Tree): string[] {
	const parent = valueAt(tree, ['profiles', name, 'extends']);
	return [...(typeof parent === 'string' ? lineage(parent, tree) : []), name];
}
