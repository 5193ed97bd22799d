import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { packageRoot } from '../values/package-paths.ts';

/** Its comments are the documentation of every field here. */
export const knownModelsFile = join(packageRoot, 'config', 'known-models.yaml');

const model = z.strictObject({
	for: z.array(z.enum(['strong', 'small', 'code'])).prefault([]),
	/** Tokens. */
	contextWindow: z.int().positive().exactOptional(),
	/** USD per million tokens. */
	price: z.strictObject({ input: z.number().nonnegative(), output: z.number().nonnegative() }).exactOptional(),
	reasons: z.boolean().prefault(false),
});

const provider = z.strictObject({
	title: z.string(),
	keys: z.array(z.string()).min(1),
	keyPrefix: z.string().exactOptional(),
	baseUrl: z.string(),
	baseUrlFrom: z.string().exactOptional(),
	needsEndpoint: z.string().exactOptional(),
	models: z.record(z.string(), model),
});

const localServer = z.strictObject({ title: z.string(), port: z.int(), address: z.array(z.string()) });

const file = z.strictObject({
	asOf: z.string().regex(/^\d{4}-\d{2}-\d{2}$/),
	providers: z.record(z.string(), provider),
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

let reasoning: { readonly names: ReadonlySet<string>; readonly parts: readonly string[] } | undefined;

/**
 * Whether a model is known to think before its first word.
 * @param model as its provider calls it; a vendor before it (`openai/`) and a date or a tag behind it do not matter
 */
export function isKnownToReason(model: string): boolean {
	reasoning ??= readReasoning();
	const name = plainName(model);
	return reasoning.names.has(name) || reasoning.parts.some((part) => name.includes(part));
}

function readReasoning() {
	const { providers, thinkingNames } = loadKnownModels();
	const models = Object.values(providers).flatMap((known) => Object.entries(known.models));
	const names = models.flatMap(([name, { reasons }]) => (reasons ? [plainName(name)] : []));
	return { names: new Set(names), parts: thinkingNames };
}

function plainName(model: string): string {
	const last = model.slice(model.lastIndexOf('/') + 1).toLowerCase();
	return last.replace(/:.*$/, '').replace(/-20\d\d-?\d\d-?\d\d$/, '');
}
