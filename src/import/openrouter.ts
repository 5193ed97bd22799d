import { mostTargets } from '../config/chain-schema.ts';
import { defaultPolicy } from '../config/policy-schema.ts';
import { isUsableName } from '../config/provider-schema.ts';
import { isTarget } from '../config/targets.ts';
import { asObject, type JsonObject } from '../values/json.ts';
import type { DraftCandidate, DraftPolicy, DraftProfile, ImportDraft } from './draft.ts';
import { slug, unique } from './names.ts';
import { type Notice, shown } from './notice.ts';
import { breakerOf, type FallbackSettings, onErrorOf, readSettings } from './openrouter-settings.ts';
import { deadlineFor, timeoutPolicy } from './policy-draft.ts';
import { readYamlSource, type SourceFile, type SourcePath } from './source-file.ts';

const provider = 'openrouter';
const LONGEST_HINT = 80;

interface Chain {
	path: SourcePath;
	/** The name of the task; absent for the default chain. */
	task?: string;
	models: readonly Model[];
}

interface Model {
	id: string;
	settings: FallbackSettings;
}

/**
 * Reads a fallback file for OpenRouter, YAML or JSON: `default_chain`, `task_chains` and `settings`, at its top or under
 * `fallback`. One provider, a profile for each chain, and the tasks as hints that lead to them.
 */
export function importOpenRouter(file: string): ImportDraft {
	const source = readYamlSource(file);
	if ('severity' in source) return emptyDraft([source]);
	const notices: Notice[] = [];
	const root = rootOf(source);
	if (root === undefined) {
		const message = 'There is neither a `default_chain` nor `task_chains` in this file; it is no fallback file.';
		return emptyDraft([source.notice('error', [], message)]);
	}
	const { value, path } = root;
	for (const key of Object.keys(value)) {
		if (!['default_chain', 'task_chains', 'settings'].includes(key)) {
			notices.push(source.notice('warning', [...path, key], noEquivalent(key)));
		}
	}
	const chains = [...defaultChain(value, path, source, notices), ...taskChains(value, path, source, notices)];
	if (chains.length === 0)
		notices.push(source.notice('error', path, 'There is no chain in this file that can be used.'));
	const settings = fileSettings(value.settings, [...path, 'settings'], source, notices);
	const names = profileNames(chains, source, notices);
	const tasks = taskHints(chains, names, source, notices);
	return {
		...emptyDraft(notices),
		profiles: chains.map((chain, index) => profileOf(chain, names[index] ?? '')),
		...policyOf(settings, chains),
		...(tasks.size > 0 && { taskTypes: Object.fromEntries(tasks) }),
	};
}

function emptyDraft(notices: readonly Notice[]): ImportDraft {
	const variable = 'OPENROUTER_API_KEY';
	return {
		from: 'an OpenRouter fallback',
		providers: [{ name: provider, baseUrl: 'https://openrouter.ai/api/v1', keyVariable: variable }],
		profiles: [],
		keys: new Map([[variable, '']]),
		notices,
	};
}

function rootOf({ value }: SourceFile): { value: JsonObject; path: SourcePath } | undefined {
	const whole = asObject(value);
	const inner = asObject(whole?.fallback);
	for (const [map, path] of [[whole, []] as const, [inner, ['fallback']] as const]) {
		if (map !== undefined && ('default_chain' in map || 'task_chains' in map)) return { value: map, path };
	}
	return undefined;
}

function defaultChain(value: JsonObject, path: SourcePath, source: SourceFile, notices: Notice[]): Chain[] {
	if (value.default_chain === undefined || value.default_chain === null) return [];
	const at = [...path, 'default_chain'];
	const models = readChain(value.default_chain, at, source, notices);
	return models.length === 0 ? [] : [{ path: at, models }];
}

function taskChains(value: JsonObject, path: SourcePath, source: SourceFile, notices: Notice[]): Chain[] {
	const { task_chains: given } = value;
	if (given === undefined || given === null) return [];
	const at = [...path, 'task_chains'];
	const tasks = asObject(given);
	if (tasks === undefined) {
		notices.push(
			source.notice(
				'error',
				at,
				'`task_chains` is not a map of tasks, each with a list of models; it was not imported.',
			),
		);
		return [];
	}
	return Object.entries(tasks).flatMap(([task, chain]) => {
		const models = readChain(chain, [...at, task], source, notices);
		return models.length === 0 ? [] : [{ path: [...at, task], task, models }];
	});
}

function readChain(value: unknown, path: SourcePath, source: SourceFile, notices: Notice[]): Model[] {
	const leaveOut = (reason: string): Model[] => {
		notices.push(source.notice('error', path, `This chain was not imported: ${reason}.`));
		return [];
	};
	const list = typeof value === 'string' ? [value] : value;
	if (!Array.isArray(list)) return leaveOut('it is not a list of models');
	if (list.length === 0) return leaveOut('it is empty');
	if (list.length > mostTargets) return leaveOut(`it has more than ${mostTargets} models`);
	const models = list.flatMap((entry, index) => readModel(entry, [...path, index], source, notices));
	if (models.length === 0) return leaveOut('none of its models can be used');
	return models.toSorted((a, b) => (a.settings.priority ?? 0) - (b.settings.priority ?? 0));
}

/** A model's id, or a map with its `id` (or `model`) and settings of its own. */
function readModel(entry: unknown, path: SourcePath, source: SourceFile, notices: Notice[]): Model[] {
	const map = asObject(entry);
	const { id, model, ...rest } = map ?? { id: entry };
	const written = typeof id === 'string' ? id : model;
	const name = typeof written === 'string' ? written.trim().replace(/^openrouter\/(?=[^/]+\/)/, '') : '';
	if (!isTarget(`${provider}/${name}`)) {
		const message = 'This model was left out: it is not an id such as `anthropic/claude-sonnet-4.5`.';
		notices.push(source.notice('error', path, message));
		return [];
	}
	const [settings, remarks] = readSettings(rest, ['priority', 'max_retries', 'timeout']);
	notices.push(...remarks.map(({ key, message }) => source.notice('warning', [...path, key], message)));
	return [{ id: name, settings }];
}

function fileSettings(value: unknown, path: SourcePath, source: SourceFile, notices: Notice[]): FallbackSettings {
	if (value === undefined || value === null) return {};
	const map = asObject(value);
	if (map === undefined) {
		notices.push(source.notice('error', path, '`settings` is not a map; it was not imported.'));
		return {};
	}
	const allowed = [
		'max_retries',
		'max_retries_per_model',
		'timeout',
		'disable_duration',
		'health_window',
		'skip_threshold',
	];
	const [settings, remarks] = readSettings(map, allowed);
	notices.push(...remarks.map(({ key, message }) => source.notice('warning', [...path, key], message)));
	return settings;
}

/** `default` is the default chain's; without one, a task of that name is the default. */
function profileNames(chains: readonly Chain[], source: SourceFile, notices: Notice[]): string[] {
	const taken = new Set<string>();
	return chains.map(({ task, path }) => {
		if (task === undefined) return unique('default', taken);
		const isUsable = isUsableName(task) && !taken.has(task);
		const name = isUsable ? unique(task, taken) : unique(`task-${slug(task) || 'chain'}`, taken);
		if (!isUsable) {
			const message = `The profile for this task is called \`${name}\`, since ${isUsableName(task) ? 'the default chain has its name' : 'a profile cannot have its name'}.`;
			notices.push(source.notice('warning', path, message));
		}
		return name;
	});
}

/** Hints are compared in small letters. */
function taskHints(
	chains: readonly Chain[],
	names: readonly string[],
	source: SourceFile,
	notices: Notice[],
): Map<string, string> {
	const hints = new Map<string, string>();
	for (const [index, { task, path }] of chains.entries()) {
		if (task === undefined) continue;
		const hint = task.trim().toLowerCase();
		if (hint !== '' && hint.length <= LONGEST_HINT && hint !== '__proto__' && !hints.has(hint)) {
			hints.set(hint, names[index] ?? '');
			continue;
		}
		const reason = hints.has(hint) ? 'another task has the same name in small letters' : 'of its name';
		const message = `No \`X-Task-Type\` leads to this task, because ${reason}; its profile is \`${names[index]}\`.`;
		notices.push(source.notice('warning', path, message));
	}
	return hints;
}

function profileOf({ task, models }: Chain, name: string): DraftProfile {
	return {
		name,
		comment: task === undefined ? 'default_chain' : `task_chains: ${shown(task)}`,
		chain: models.map(candidateOf),
	};
}

function candidateOf({ id, settings }: Model): DraftCandidate {
	const { timeoutMs, retries } = settings;
	const policy = {
		...(timeoutMs !== undefined && timeoutPolicy(timeoutMs)),
		...(retries !== undefined && { onError: onErrorOf(retries) }),
	};
	return { target: `${provider}/${id}`, ...(Object.keys(policy).length > 0 && { policy }) };
}

/** @returns nothing where the file sets nothing */
function policyOf(settings: FallbackSettings, chains: readonly Chain[]): { policy?: DraftPolicy } {
	const timeouts = timeoutsOf(settings, chains);
	const models = chains.flatMap((chain) => chain.models);
	const longestMs = Math.max(0, ...models.map((model) => model.settings.timeoutMs ?? settings.timeoutMs ?? 0));
	const breaker = breakerOf(settings, longestMs);
	const policy: DraftPolicy = {
		...(Object.keys(timeouts).length > 0 && { timeouts }),
		...(Object.keys(breaker).length > 0 && { breaker }),
		...(settings.retries !== undefined && { onError: onErrorOf(settings.retries) }),
	};
	return Object.keys(policy).length > 0 ? { policy } : {};
}

/** A request may take as long as the models of its chain together, where the file says how long one may. */
function timeoutsOf(settings: FallbackSettings, chains: readonly Chain[]): DraftPolicy {
	const { timeoutMs } = settings;
	const saysTimeout = chains.some(({ models }) => models.some((model) => model.settings.timeoutMs !== undefined));
	if (timeoutMs === undefined && !saysTimeout) return {};
	const longestMs = longestChain(
		chains,
		(model) => model.settings.timeoutMs ?? timeoutMs ?? defaultPolicy.timeouts.response,
	);
	return { ...(timeoutMs !== undefined && timeoutPolicy(timeoutMs).timeouts), ...deadlineFor(longestMs) };
}

/** The sum over the models of a chain, of the chain where it is the largest. */
function longestChain(chains: readonly Chain[], amountOf: (model: Model) => number): number {
	return Math.max(0, ...chains.map(({ models }) => models.reduce((sum, model) => sum + amountOf(model), 0)));
}

function noEquivalent(key: string): string {
	return `\`${shown(key)}\` has no equivalent and was not imported.`;
}
