import { yamlFlow, yamlText } from '../values/yaml-text.ts';
import type { DraftCandidate, DraftProfile, DraftProvider, DraftServer, ImportDraft } from './draft.ts';

const COLUMNS = 118;

/**
 * A draft as commented YAML. Keys are in it as `${VAR}` only.
 * @param redact takes keys out of what the comments repeat
 */
export function draftText(draft: ImportDraft, redact: (text: string) => string): string {
	const { from, server, providers, profiles, policy, taskTypes } = draft;
	const lines = [
		`# Written by \`breakwater import\` from files of ${from}. Edit it as you like.`,
		'# After a change, `breakwater check` says what the change does.',
		...variableLines(draft),
		'',
		...(server === undefined ? [] : [...serverLines(server), '']),
		'providers:',
		...providers.flatMap(providerLines),
		'',
		'profiles: # chains of targets, in the order in which they are tried; `model` in a request chooses one',
		...profiles.flatMap((profile) => profileLines(profile, redact)),
		...(taskTypes === undefined
			? []
			: [
					'',
					`routing: # the header X-Task-Type chooses a profile`,
					'  hints:',
					`    taskType: ${yamlFlow(taskTypes)}`,
				]),
		...(policy === undefined ? [] : ['', 'policy:', ...sectionLines(policy, '  ')]),
	];
	return `${lines.join('\n')}\n`;
}

function variableLines(draft: ImportDraft): string[] {
	const names = variablesOf(draft);
	if (names.length === 0) return [];
	return ['# No key is written into this file. Set these in the environment:', ...names.map((name) => `#   ${name}`)];
}

/** All that have to be set. */
export function variablesOf({ keys, variables = [] }: ImportDraft): string[] {
	return [...new Set([...keys.keys(), ...variables])];
}

function serverLines({ unknownModel, clients }: DraftServer): string[] {
	return [
		'server:',
		...(unknownModel === undefined
			? []
			: [`  unknownModel: ${unknownModel} # a model that is no profile and no target`]),
		...(clients === undefined ? [] : ['  clients:']),
		...Object.entries(clients ?? {}).map(([name, variable]) => `    ${yamlText(name)}: { key: "\${${variable}}" }`),
	];
}

function providerLines(provider: DraftProvider): string[] {
	const { name, protocol, baseUrl, apiVersion, keyVariable, headers, policy, models } = provider;
	return [
		`  ${yamlText(name)}:`,
		...(protocol === undefined ? [] : [`    protocol: ${protocol}`]),
		...(baseUrl === undefined ? [] : [`    baseUrl: ${withVariables(baseUrl)}`]),
		...(apiVersion === undefined ? [] : [`    apiVersion: ${withVariables(apiVersion)}`]),
		...(keyVariable === undefined ? [] : [`    apiKey: \${${keyVariable}}`]),
		...(headers === undefined ? [] : [`    headers: ${headersText(headers)}`]),
		...(policy === undefined ? [] : ['    policy:', ...sectionLines(policy, '      ')]),
		...(models === undefined ? [] : ['    models:']),
		...Object.entries(models ?? {}).map(([model, facts]) => `      ${yamlText(model)}: ${yamlFlow(facts)}`),
	];
}

/** What is a variable in it is meant to be one. */
function withVariables(text: string): string {
	return JSON.stringify(text);
}

function headersText(headers: Readonly<Record<string, string>>): string {
	const members = Object.entries(headers).map(([name, value]) => `${yamlText(name)}: ${withVariables(value)}`);
	return `{ ${members.join(', ')} }`;
}

function profileLines(profile: DraftProfile, redact: (text: string) => string): string[] {
	const { name, for: use, whenNotCarried, comment, chain, policy } = profile;
	return [
		`  ${yamlText(name)}:${commentText(comment, redact)}`,
		...(use === undefined ? [] : [`    for: ${use}`]),
		...(whenNotCarried === undefined ? [] : [`    whenNotCarried: ${whenNotCarried}`]),
		'    chain:',
		...chain.flatMap((candidate) => candidateLines(candidate, redact)),
		...(policy === undefined ? [] : ['    policy:', ...sectionLines(policy, '      ')]),
	];
}

function candidateLines(
	{ target, comment, request, headers, policy }: DraftCandidate,
	redact: (text: string) => string,
): string[] {
	const settings = Object.entries({ request, headers, policy }).filter(([, value]) => value !== undefined);
	const remark = commentText(comment, redact);
	if (settings.length === 0) return [`      - ${yamlText(target)}${remark}`];
	return [`      - target: ${yamlText(target)}${remark}`, ...sectionLines(Object.fromEntries(settings), '        ')];
}

/** In flow style where it fits into a line. */
function sectionLines(section: Readonly<Record<string, unknown>>, indent: string): string[] {
	return Object.entries(section).flatMap(([key, value]) => {
		const inLine = `${indent}${yamlText(key)}: ${yamlFlow(value)}`;
		if (inLine.length <= COLUMNS || typeof value !== 'object' || value === null || Array.isArray(value))
			return [inLine];
		return [`${indent}${yamlText(key)}:`, ...sectionLines(value as Readonly<Record<string, unknown>>, `${indent}  `)];
	});
}

function commentText(comment: string | undefined, redact: (text: string) => string): string {
	return comment === undefined ? '' : ` # ${redact(comment)}`;
}
