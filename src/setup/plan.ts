import { type KnownModel, type KnownModels, type KnownProvider, plainName, type Use } from '../config/known-models.ts';
import { defaultProtocol } from '../config/provider-schema.ts';
import { cataloguedAt } from '../prices/catalogue.ts';
import { estimatedCost } from '../prices/cost.ts';
import type { Price } from '../prices/price.ts';
import { priceOf } from '../prices/price-of.ts';
import type { FoundKey } from './keys.ts';
import type { Discovery, Surroundings } from './surroundings.ts';

/** A configuration to be written, before it is text. */
export interface Plan {
	port: number;
	providers: readonly PlannedProvider[];
	profiles: readonly PlannedProfile[];
	/** What was found and is not used, a sentence each. */
	leftOut: readonly string[];
}

export interface PlannedProvider {
	name: string;
	title: string;
	/** Absent where it is the usual one. */
	protocol?: KnownProvider['protocol'];
	/** Absent where the protocol knows it. */
	baseUrl?: string;
	apiVersion?: string;
	/** The environment variable with its key. */
	keyVariable?: string;
	isLocal: boolean;
	/** Those that the profiles use, and those that a request may name. */
	models: Readonly<Record<string, PlannedModel>>;
}

/** What is known of a model; nothing of many. */
export type PlannedModel = Partial<Omit<KnownModel, 'for'>> & {
	/** The name of this very model at another provider. */
	sameAs?: string;
};

export interface PlannedProfile {
	name: 'default' | 'cheap' | 'critical' | 'local-first' | 'code' | 'embeddings';
	/** What it is asked for; absent: answers. */
	for?: 'embeddings';
	/** What it is for, in a few words. */
	purpose: string;
	/** Targets. */
	chain: readonly string[];
}

/** One target that a chain may be built of. */
interface Offer {
	provider: string;
	model: string;
	uses: readonly Use[];
	facts: PlannedModel;
	isLocal: boolean;
	/** Absent where it is not known. */
	price?: Price | undefined;
}

/** A provider with everything that it could be asked for. */
interface Supplier extends Omit<PlannedProvider, 'models'> {
	candidates: readonly Offer[];
}

/** Longer chains outlast the deadline of a request when every provider is silent. */
const MOST_REMOTE_RUNGS = 3;
const MOST_CRITICAL_RUNGS = 4;
const MOST_LOCAL_RUNGS = 2;
const MOST_LISTED_MODELS = 20;

/**
 * Plans a configuration of what was found.
 * @param first the target that stands first in `default`, `critical` and `code`; from `resolveFirst`
 * @returns undefined when there is nothing to build it from
 */
export function planConfiguration(
	{ discovery, known }: Surroundings,
	{ first, port }: { first?: FirstTarget | undefined; port: number },
): Plan | undefined {
	const sources = withFirst(sourcesOf({ discovery, known }), first);
	const candidates = sources.flatMap((source) => source.candidates);
	if (candidates.length === 0) return undefined;
	const profiles = [...profilesOf(candidates.filter(chats), first), ...embeddingsOf(candidates)];
	const used = new Set(profiles.flatMap(({ chain }) => chain));
	const providers = sources.map(({ candidates: own, ...provider }) => ({
		...provider,
		models: Object.fromEntries(worthListing(own, used).map((offer) => [offer.model, factsOf(offer)])),
	}));
	return {
		port,
		providers,
		profiles,
		leftOut: leftOutOf(discovery, known, new Set(providers.map(({ name }) => name))),
	};
}

/** What is in a chain, then what is of use by itself; where nothing is, all that is known. */
function worthListing(candidates: readonly Offer[], used: ReadonlySet<string>): Offer[] {
	const isUsed = (one: Offer) => used.has(targetOf(one));
	const useful = candidates.filter((one) => !isUsed(one) && one.uses.length > 0);
	const listed = [...candidates.filter(isUsed), ...useful];
	return (listed.length > 0 ? listed : [...candidates]).slice(0, MOST_LISTED_MODELS);
}

/** A vendor before the name of a model for embeddings would make it another model, which cannot stand in. */
function factsOf({ model, uses, facts }: Offer): PlannedModel {
	const sameAs = plainName(model);
	return uses.includes('embeddings') && sameAs !== model ? { ...facts, sameAs } : facts;
}

/** The target that the user named, with where it is. */
export type FirstTarget = Omit<PlannedProvider, 'models'> & { model: string };

function targetOf({ provider, model }: Offer): string {
	return `${provider}/${model}`;
}

function sourcesOf({ discovery, known }: Pick<Surroundings, 'discovery' | 'known'>): Supplier[] {
	const remote = discovery.keys.flatMap((key): Supplier[] => {
		const { provider, title, variable, problem } = key;
		const where = whereOf(key, known);
		if (problem !== undefined || where === undefined) return [];
		return [
			{ name: provider, title, ...where, keyVariable: variable, isLocal: false, candidates: remoteOffers(key, known) },
		];
	});
	const local = discovery.localServers.map(({ name, title, baseUrl, models, embeddingModels = [] }): Supplier => {
		const answering = models.map(({ name: model, ...facts }) => ({
			provider: name,
			model,
			uses: /cod(e|er|ing|estral)/i.test(model) ? ['code' as const] : ['strong' as const, 'small' as const],
			facts,
			isLocal: true,
		}));
		const embedding = embeddingModels.map((model) => embeddingOffer(name, model, true));
		return { name, title, baseUrl, isLocal: true, candidates: [...answering, ...embedding] };
	});
	const sources = [...remote, ...local].filter(({ candidates }) => candidates.length > 0);
	// Two variables may lead to one server.
	const isNew = ({ baseUrl }: Supplier, index: number) =>
		baseUrl === undefined || sources.findIndex((other) => other.baseUrl === baseUrl) === index;
	return sources.filter(isNew);
}

/**
 * How a provider with this key is asked, and where.
 * @returns undefined where its address is not known
 */
export function whereOf(
	{ provider, baseUrl, apiVersion }: Pick<FoundKey, 'provider' | 'baseUrl' | 'apiVersion'>,
	known: KnownModels,
): Pick<PlannedProvider, 'protocol' | 'baseUrl' | 'apiVersion'> | undefined {
	const { protocol = 'openai', baseUrl: usual } = known.providers[provider] ?? {};
	if (baseUrl === undefined) return undefined;
	const isImplied = protocol === 'anthropic' && baseUrl === usual;
	return {
		...(protocol !== 'openai' && { protocol }),
		...(!isImplied && { baseUrl }),
		...(apiVersion !== undefined && { apiVersion }),
	};
}

function remoteOffers({ provider, baseUrl = '', deployments = [] }: FoundKey, known: KnownModels): Offer[] {
	const { models = {}, protocol = defaultProtocol } = known.providers[provider] ?? {};
	const ofProvider = Object.entries(models).map(([model, { for: uses, ...facts }]) => ({
		provider,
		model,
		uses,
		facts,
		isLocal: false,
		price: priceOf({ protocol, baseUrl }, model, cataloguedAt),
	}));
	const ofResource = deployments.map((model): Offer => {
		const isForEmbeddings = known.embeddingNames.some((part) => model.toLowerCase().includes(part));
		if (isForEmbeddings) return embeddingOffer(provider, model, false);
		return { provider, model, uses: ['strong', 'small', 'code'], facts: {}, isLocal: false };
	});
	return [...ofResource, ...ofProvider];
}

function embeddingOffer(provider: string, model: string, isLocal: boolean): Offer {
	return { provider, model, uses: ['embeddings'], facts: { endpoints: ['embeddings'] }, isLocal };
}

function chats({ uses, facts }: Offer): boolean {
	return !uses.includes('embeddings') && facts.endpoints?.join() !== 'embeddings';
}

/** One model, at every provider that has it: vectors of two models cannot stand in for each other. */
function embeddingsOf(candidates: readonly Offer[]): PlannedProfile[] {
	const offers = onePerProvider(candidates, 'embeddings');
	const [first] = offers;
	if (first === undefined) return [];
	const same = offers.filter(({ model }) => plainName(model) === plainName(first.model));
	const purpose = 'for embeddings: one model, wherever it can be had';
	return [{ name: 'embeddings', for: 'embeddings', purpose, chain: same.map(targetOf) }];
}

/** Adds the target that the user named, where it was not found, and puts its provider before all others. */
function withFirst(sources: readonly Supplier[], first: FirstTarget | undefined): Supplier[] {
	if (first === undefined) return [...sources];
	const { model, ...provider } = first;
	const others = sources.filter(({ name }) => name !== first.name);
	const own = sources.find(({ name }) => name === first.name) ?? { ...provider, candidates: [] };
	if (own.candidates.some((candidate) => candidate.model === model)) return [own, ...others];
	const named: Offer = { provider: first.name, model, uses: [], facts: {}, isLocal: first.isLocal };
	return [{ ...own, candidates: [named, ...own.candidates] }, ...others];
}

function profilesOf(candidates: readonly Offer[], first: FirstTarget | undefined): PlannedProfile[] {
	if (candidates.length === 0) return [];
	const remote = candidates.filter(({ isLocal }) => !isLocal);
	const local = candidates.filter(({ isLocal }) => isLocal);
	const chosen = candidates.filter(({ provider, model }) => provider === first?.name && model === first.model);
	const strong = onePerProvider(remote, 'strong');
	const small = onePerProvider(remote, 'small').sort((a, b) => costOfUse(a) - costOfUse(b));
	const coding = onePerProvider(remote, 'code');
	// Without a model of its own for a purpose, any will do.
	const localChat = preferring(local, 'strong').slice(0, MOST_LOCAL_RUNGS);
	const localCode = preferring(local, 'code').slice(0, 1);
	const few = (from: readonly Offer[], most = MOST_REMOTE_RUNGS) => [...new Set(from)].slice(0, most);

	const chains: (Omit<PlannedProfile, 'chain'> & { chain: readonly Offer[] })[] = [
		{
			name: 'default',
			purpose: 'for requests that choose none',
			chain: [...few([...chosen, ...strong]), ...few(small, 1), ...localChat.slice(0, 1)],
		},
		{ name: 'cheap', purpose: 'the lowest price first', chain: [...few(small), ...localChat.slice(0, 1)] },
		{
			name: 'critical',
			purpose: 'an answer matters more than its price and its speed',
			chain: [...few([...chosen, ...strong], MOST_CRITICAL_RUNGS), ...few(small, 1), ...localChat.slice(0, 1)],
		},
		{
			name: 'local-first',
			purpose:
				local.length > 0
					? 'leaves this machine only when it must'
					: 'no local server answered; put one of its models in front',
			chain: [...localChat, ...few(small)],
		},
		{ name: 'code', purpose: 'for programming', chain: [...few([...chosen, ...coding]), ...localCode] },
	];
	// A named model that is nobody's favourite is all there may be.
	const spread = (chain: readonly Offer[]) =>
		withAnotherProvider(chain.length > 0 ? chain : candidates.slice(0, 1), candidates);
	return chains.map(({ chain, ...profile }) => ({ ...profile, chain: [...new Set(spread(chain).map(targetOf))] }));
}

/** The death of one provider must end no profile: a chain with one alone gets a model of another, where there is one. */
function withAnotherProvider(chain: readonly Offer[], candidates: readonly Offer[]): Offer[] {
	const [first] = chain;
	if (chain.some(({ provider }) => provider !== first?.provider)) return [...chain];
	const others = candidates.filter(({ provider }) => provider !== first?.provider);
	const [best = others[0]] = others.filter(({ uses }) => uses.length > 0);
	return best === undefined ? [...chain] : [...chain, best];
}

function onePerProvider(candidates: readonly Offer[], use: Use): Offer[] {
	const fitting = candidates.filter(({ uses }) => uses.includes(use));
	return fitting.filter(({ provider }, index) => fitting.findIndex((other) => other.provider === provider) === index);
}

function preferring(candidates: readonly Offer[], use: Use): Offer[] {
	return [
		...candidates.filter(({ uses }) => uses.includes(use)),
		...candidates.filter(({ uses }) => !uses.includes(use)),
	];
}

/** USD of a prompt and an answer that are of one length; what is not known comes last. */
function costOfUse({ price }: Offer): number {
	return (price && estimatedCost(price, { inputTokens: 1000, outputTokens: 1000 }, cataloguedAt)) ?? Number.MAX_VALUE;
}

function leftOutOf({ keys, localServers }: Discovery, known: KnownModels, used: ReadonlySet<string>): string[] {
	return [
		...keys.flatMap(({ provider, title, variable, problem }) => {
			if (used.has(provider)) return [];
			const byVariable = known.providers[provider]?.deployments[0];
			const hint = byVariable === undefined ? '' : `set ${byVariable} to one, or `;
			const reason = `what models ${title} has for ${variable} is not known; ${hint}name one with --default-model ${provider}/MODEL.`;
			return [`${provider} was left out: ${problem ?? reason}`];
		}),
		...localServers.flatMap(({ name, problem }) =>
			problem === undefined || used.has(name) ? [] : [`${name} was left out: ${problem}`],
		),
	];
}
