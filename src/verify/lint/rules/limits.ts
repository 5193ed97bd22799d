import type { ProviderConfig } from '../../../config/config.ts';
import { BODY_COPIES } from '../../../http/load/memory-budget.ts';
import { countText } from '../../../values/figures.ts';
import { sizeText } from '../../../values/sizes.ts';
import type { Finding, Rule } from '../rule.ts';
import type { LintSubject } from '../subject.ts';

const limitsAt = ['server', 'limits'];

/** A default above a limit that somebody has lowered is no mistake of theirs. */
function limitsNeverReached({ config, positions }: LintSubject): Finding[] {
	const { requests, connections, connectionsPerAddress = 0 } = config.server.limits;
	const ofProviders = Object.values(config.providers).map(({ name, limits: { concurrent } }) => ({
		path: ['providers', name, 'limits', 'concurrent'],
		isBeyond: concurrent > requests,
		reason: `\`${name}\` may have ${countText(concurrent)} attempts in flight, and \`server.limits.requests\` lets in ${countText(requests)} requests, each with one attempt at a time, so that this limits nothing`,
	}));
	const ofServer = [
		{
			path: [...limitsAt, 'requests'],
			isBeyond: requests > connections,
			reason: `\`requests\` is ${countText(requests)}, and \`connections\` lets in ${countText(connections)} callers, each with one request at a time, so that this limits nothing`,
		},
		{
			path: [...limitsAt, 'connectionsPerAddress'],
			isBeyond: connectionsPerAddress > connections,
			reason: `\`connectionsPerAddress\` is ${countText(connectionsPerAddress)}, and \`connections\` lets in ${countText(connections)} of all addresses, so that this limits nothing`,
		},
	];
	return [...ofProviders, ...Object.values(config.providers).flatMap(modelLimitsNeverReached), ...ofServer]
		.filter(({ path, isBeyond }) => isBeyond && positions.isGiven(path))
		.map(({ path, reason }) => ({ at: [path], reason, advice: 'lower it, or raise the other one' }));
}

/** The limits of a model that are above those of its key. */
function modelLimitsNeverReached({ name, limits, models }: ProviderConfig) {
	return Object.entries(models).flatMap(([model, facts]) =>
		(['concurrent', 'requestsPerMinute', 'tokensPerMinute'] as const).map((limit) => {
			const { [limit]: own = 0 } = facts.limits ?? {};
			const { [limit]: ofKey = Number.POSITIVE_INFINITY } = limits;
			return {
				path: ['providers', name, 'models', model, 'limits', limit],
				isBeyond: own > ofKey,
				reason: `\`${limit}\` of \`${model}\` is ${countText(own)}, and that of its provider ${countText(ofKey)}, with all of its models, so that this limits nothing`,
			};
		}),
	);
}

function bodiesBeyondMemory({ config }: LintSubject): Finding[] {
	const { bodyLimit, limits } = config.server;
	if (bodyLimit * BODY_COPIES <= limits.memory) return [];
	return [
		{
			at: [
				[...limitsAt, 'memory'],
				['server', 'bodyLimit'],
			],
			reason: `a body of \`bodyLimit\` (${sizeText(bodyLimit)}) is held ${BODY_COPIES} times, which is more than \`memory\` (${sizeText(limits.memory)}): it is refused whenever another request holds anything`,
			advice: `write a \`memory\` of at least ${sizeText(bodyLimit * BODY_COPIES)}, or a smaller \`bodyLimit\``,
		},
	];
}

export const limitRules: readonly Rule[] = [
	{
		id: 'body-beyond-memory',
		severities: ['warning'],
		finds: 'a `bodyLimit` whose bodies need more than `server.limits.memory`',
		find: bodiesBeyondMemory,
	},
	{
		id: 'limit-never-reached',
		severities: ['note'],
		finds: 'a limit of requests, attempts, tokens or connections above one that is reached first',
		find: limitsNeverReached,
	},
];
