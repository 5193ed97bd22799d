import type { Config, TargetConfig } from '../config/config.ts';
import type { Loss } from '../contract/conversation.ts';
import type { ClientDialect, ClientRequest } from '../contract/dialect.ts';
import { clientDialects, dialectFor, endpointsOf, protocols } from '../dialects/dialects.ts';
import { lossesFor } from '../dialects/losses.ts';
import type { ToldReport } from './report/report.ts';
import { everything } from './told-samples.ts';

/**
 * What targets are told of requests in another dialect than theirs. It is found by asking the dialects about a request that has
 * everything in it, so that it is what they really do.
 * @returns only what differs from the request as it came; targets that are told the same stand together
 */
export function toldReports({ profiles, providers }: Pick<Config, 'profiles' | 'providers'>): ToldReport[] {
	const samples = clientDialects.flatMap((dialect) => {
		const sample = everything[dialect.name];
		return sample === undefined ? [] : [{ dialect, request: dialect.read(JSON.stringify(sample)).request }];
	});
	const known = new Map<string, ToldReport | undefined>();
	const told = Object.values(profiles).flatMap(({ name, chain, for: purpose, whenNotCarried }) => {
		if (purpose === 'embeddings') return [];
		return samples.flatMap((sample) =>
			chain.flatMap((target) => {
				const key = `${sample.dialect.name} ${whenNotCarried} ${target.target}`;
				if (!known.has(key)) known.set(key, toldTo(target, providers, sample, whenNotCarried));
				const one = known.get(key);
				return one === undefined ? [] : [{ ...one, profiles: [name] }];
			}),
		);
	});
	const alike = Map.groupBy(told, ({ targets: _, profiles: __, ...what }) => JSON.stringify(what));
	return [...alike.values()].flatMap((same) => {
		const [first] = same;
		if (first === undefined) return [];
		const all = (of: 'targets' | 'profiles') => [...new Set(same.flatMap((one) => one[of]))];
		return [{ ...first, targets: all('targets'), profiles: all('profiles') }];
	});
}

interface Sample {
	readonly dialect: ClientDialect;
	readonly request: ClientRequest;
}

/** @returns undefined for a target that gets the request as it came */
function toldTo(
	target: TargetConfig,
	providers: Config['providers'],
	{ dialect: client, request }: Sample,
	whenNotCarried: ToldReport['whenNotCarried'],
): ToldReport | undefined {
	const provider = providers[target.provider];
	const protocol = provider && protocols[provider.protocol];
	if (provider === undefined || protocol === undefined) return undefined;
	const endpoints = endpointsOf(protocol, provider, provider.models[target.model]?.endpoints);
	const dialect = dialectFor(client, protocol, endpoints, target.model);
	const { maxOutputTokens, input, reasons, model } = target;
	const abilities = { maxOutputTokens, input, reasons };
	const losses = dialect === undefined ? [] : lossesFor(request, dialect, abilities, model);
	if (dialect?.name === client.name && losses.length === 0) return undefined;
	return {
		path: client.path,
		in: dialect?.path ?? null,
		leftOut: named(losses, false),
		needed: named(losses, true),
		whenNotCarried,
		targets: [target.target],
		profiles: [],
	};
}

function named(losses: readonly Loss[], isNeeded: boolean): string[] {
	return [...new Set(losses.filter((loss) => loss.isNeeded === isNeeded).map(({ what }) => what))];
}
