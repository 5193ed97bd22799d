import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { packageRoot } from '../values/package-paths.ts';
import { defaultProtocol, endpointWords, inputKinds, protocols } from './provider-schema.ts';

/** Its comments are the documentation of every field here. */
export const knownModelsFile = join(packageRoot, 'config', 'known-models.yaml');

const model = z.strictObject({
	for: z.array(z.enum(['strong', 'small', 'code', 'embeddings'])).prefault([]),
	/** Tokens. */
	contextWindow: z.int().positive().exactOptional(),
	maxOutputTokens: z.int().positive().exactOptional(),
	input: z.array(z.enum(inputKinds)).exactOptional(),
	endpoints: z.array(z.enum(endpointWords)).exactOptional(),
	reasons: z.boolean().prefault(false),
});

const provider = z.strictObject({
	title: z.string(),
	keys: z.array(z.string()).min(1),
	keyPrefix: z.string().exactOptional(),
	protocol: z.enum(protocols).prefault(defaultProtocol),
	baseUrl: z.string(),
	baseUrlFrom: z.string().exactOptional(),
	movedBy: z.string().exactOptional(),
	needsEndpoint: z.string().exactOptional(),
	versionFrom: z.array(z.string()).prefault([]),
	deployments: z.array(z.string()).prefault([]),
	models: z.record(z.string(), model),
});

const localServer = z.strictObject({ title: z.string(), port: z.int(), address: z.array(z.string()) });

const file = z.strictObject({
	asOf: z.string().regex(/^\d{4}-\d{2}-\d{2}$/),
	providers: z.record(z.string(), provider),
	embeddingNames: z.array(z.string()),
	localServers: z.record(z.string(), localServer),
	notForChat: z.array(z.string()),
	thinkingNames: z.array(z.string()),
});

/** What is known of providers, local servers and models, from `config/known-models.yaml`. */
export type KnownModels = z.output<typeof file>;
export type KnownProvider = KnownModels['providers'][string];
export type KnownModel = z.output<typeof model>;
/** What a model is used for. */
export type Use = KnownModel['for'][number];

/** Reads the shipped data file. @throws {z.ZodError} when it was damaged */
export function loadKnownModels(): KnownModels {
	return file.parse(parse(readFileSync(knownModelsFile, 'utf8')));
}

/** What is known of a model by its name, and so wherever it is asked. */
export type NamedFacts = Pick<KnownModel, 'maxOutputTokens' | 'input'>;

interface ByName {
	readonly reasoning: ReadonlySet<string>;
	/** Parts of the names of others that reason. */
	readonly thinkingNames: readonly string[];
	readonly facts: ReadonlyMap<string, NamedFacts>;
}

let byName: ByName | undefined;

/**
 * Whether a model is known to think before its first word.
 * @param model as its provider calls it; a vendor before it (`openai/`) and a date or a tag behind it do not matter
 */
export function isKnownToReason(model: string): boolean {
	byName ??= readByName();
	const name = plainName(model);
	return byName.reasoning.has(name) || byName.thinkingNames.some((part) => name.includes(part));
}

/**
 * What is certain of a model of this name, whoever offers it.
 * @param model as its provider calls it, like that of `isKnownToReason`
 */
export function factsByName(model: string): NamedFacts {
	byName ??= readByName();
	return byName.facts.get(plainName(model)) ?? {};
}

function readByName(): ByName {
	const { providers, thinkingNames } = loadKnownModels();
	const models = Object.values(providers).flatMap((known) =>
		Object.entries(known.models).map(([name, facts]) => ({ name: plainName(name), ...facts })),
	);
	return {
		reasoning: new Set(models.flatMap(({ name, reasons }) => (reasons ? [name] : []))),
		thinkingNames,
		facts: new Map([...Map.groupBy(models, ({ name }) => name)].map(([name, same]) => [name, agreed(same)])),
	};
}

/** What providers of one model say differently of it is not certain anywhere else. */
function agreed(same: readonly NamedFacts[]): NamedFacts {
	const tokens = new Set(same.map(({ maxOutputTokens }) => maxOutputTokens));
	const [first] = same;
	const isOneInput = same.every(({ input }) => input?.join() === first?.input?.join());
	return {
		...(tokens.size === 1 && first?.maxOutputTokens !== undefined && { maxOutputTokens: first.maxOutputTokens }),
		// A gateway such as OpenRouter reads files for models that cannot.
		...(isOneInput && first?.input !== undefined && { input: [...new Set([...first.input, 'file' as const])] }),
	};
}

/** Of a model without its vendor, its tag and its date: what is the same wherever it is asked. */
export function plainName(model: string): string {
	const last = model.slice(model.lastIndexOf('/') + 1).toLowerCase();
	return last.replace(/:.*$/, '').replace(/-20\d\d-?\d\d-?\d\d$/, '');
}
