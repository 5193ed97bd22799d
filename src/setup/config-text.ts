// biome-ignore-all lint/suspicious/noTemplateCurlyInString: they are the notation of the YAML.

import { defaultPolicy } from '../config/policy-schema.ts';
import { writtenDuration } from '../values/durations.ts';
import { wrapped } from '../values/figures.ts';
import { yamlFlow, yamlQuoted, yamlText } from '../values/yaml-text.ts';
import type { Plan, PlannedModel, PlannedProfile, PlannedProvider } from './plan.ts';
import { policyLines } from './policy-comments.ts';

/** A local server loads a model into memory before its first word, and a reasoning model thinks: silence that is no failure. */
const SLOW_FIRST_TOKEN_MS = 60_000;
const COLUMNS = 118;

/**
 * The configuration as commented YAML. Keys are in it as `${VAR}` only.
 * @param options.hasSchema whether `breakwater.schema.json` lies beside the file, for editors that complete from it
 */
export function configText(plan: Plan, options: { hasSchema: boolean }): string {
	const lines = [
		...(options.hasSchema ? ['# yaml-language-server: $schema=./breakwater.schema.json'] : []),
		'# Written by `breakwater init` from what it found on this machine. It is not written again; edit it as you like.',
		'# After a change, `breakwater check` says what the change does. Keys are not written into this file: ${VAR} comes from the',
		'# environment, or from the file .env of the folder that Breakwater is started in.',
		'',
		`server: { host: 127.0.0.1, port: ${plan.port} } # to open it to others, give each a key under \`clients\``,
		'',
		'providers:',
		...plan.providers.flatMap(providerLines),
		...leftOutLines(plan.leftOut),
		'',
		'profiles: # chains of targets, in the order in which they are tried; `model` in a request chooses one',
		...plan.profiles.flatMap(profileLines),
		'',
		'# What has a `# ` before it is a default. To change one, take that away, and before what it stands under, too.',
		...policyLines({
			AUTH_ERROR: { entry: { then: ['credential', 'next'] }, remark: 'a revoked key costs no request' },
		}),
	];
	return `${lines.join('\n')}\n`;
}

function providerLines({
	name,
	title,
	protocol,
	baseUrl,
	apiVersion,
	keyVariable,
	isLocal,
	models,
}: PlannedProvider): string[] {
	const facts = Object.entries(models).map(([model, known]) => [model, factsText(known, isLocal)] as const);
	const reasons = !isLocal && Object.values(models).some((known) => known.reasons);
	return [
		`  ${yamlText(name)}: # ${title}`,
		...(protocol === undefined ? [] : [`    protocol: ${protocol}`]),
		...(baseUrl === undefined ? [] : [`    baseUrl: ${baseUrl.startsWith('${') ? baseUrl : yamlUrl(baseUrl)}`]),
		...(apiVersion === undefined ? [] : [`    apiVersion: ${yamlQuoted(apiVersion)}`]),
		...(keyVariable === undefined
			? []
			: [`    apiKey: \${${keyVariable}} # a list of keys gives each a breaker of its own`]),
		...(isLocal && isSlowToBegin ? [`    policy: ${yamlFlow(slowPolicy)} # loading a model takes its time`] : []),
		...(reasons && isSlowToBegin ? ['    # a model with a `firstToken` of its own thinks before it says a word'] : []),
		'    models:',
		...facts.map(([model, text]) => `      ${yamlText(model)}: ${text}`),
	];
}

/** Not where the default leaves that time anyway. */
const isSlowToBegin = defaultPolicy.timeouts.firstToken < SLOW_FIRST_TOKEN_MS;
const slowPolicy = { timeouts: { firstToken: writtenDuration(SLOW_FIRST_TOKEN_MS) } };

function factsText({ reasons, ...facts }: PlannedModel, isLocal: boolean): string {
	return yamlFlow({
		...facts,
		// Of the model, and not of its provider: a sibling that does not think and says nothing for so long hangs.
		...(reasons && !isLocal && isSlowToBegin && { policy: slowPolicy }),
	});
}

/** An address needs no quotes unless it holds what YAML or the interpolation would read. */
function yamlUrl(url: string): string {
	return /^[\w:/.[\]-]+$/.test(url) && !url.endsWith(':') ? url : yamlQuoted(url);
}

function leftOutLines(sentences: readonly string[]): string[] {
	return sentences.flatMap((sentence) => wrapped(sentence, COLUMNS - 4).map((line) => `  # ${line}`));
}

function profileLines({ name, for: use, purpose, chain }: PlannedProfile): string[] {
	return [`  ${name}: # ${purpose}`, ...(use === undefined ? [] : [`    for: ${use}`]), ...chainLines(chain)];
}

function chainLines(chain: readonly string[]): string[] {
	const inLine = `    chain: ${yamlFlow(chain)}`;
	if (inLine.length <= COLUMNS) return [inLine];
	return ['    chain:', ...chain.map((target) => `      - ${yamlText(target)}`)];
}
