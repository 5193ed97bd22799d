import { asObject } from '../values/json.ts';
import type { FallbackList, LitellmSettings, Placed } from './litellm-settings.ts';
import type { Report } from './litellm-values.ts';
import { shown } from './notice.ts';
import type { SourcePath } from './source-file.ts';

/** A group that another one falls back to. */
export interface Fallback {
	group: string;
	path: SourcePath;
}

/** Where each group falls back to, by its name; those of `*` hold for every group without any of its own. */
export type Fallbacks = Readonly<Record<OfGroups, ReadonlyMap<string, readonly Fallback[]>>>;

/** Those that are written by group. */
type OfGroups = Exclude<FallbackList, 'default_fallbacks'>;

const everyGroup = '*';

/**
 * Reads the lists of fallbacks.
 * @param isGroup whether a group of this name was imported
 */
export function readFallbacks(
	{ fallbacks }: LitellmSettings,
	isGroup: (name: string) => boolean,
	report: Report,
): Fallbacks {
	const read = (list: OfGroups) => firstOf(fallbacks[list].flatMap((placed) => entriesOf(placed, isGroup, report)));
	const ofAll = fallbacks.default_fallbacks.slice(0, 1).map(({ value, path }): [string, Fallback[]] => {
		return [everyGroup, groupsIn(value, path, isGroup, report)];
	});
	return {
		fallbacks: firstOf([...read('fallbacks'), ...ofAll]),
		context_window_fallbacks: read('context_window_fallbacks'),
		content_policy_fallbacks: read('content_policy_fallbacks'),
	};
}

/** The first entry for a group counts. */
function firstOf(entries: readonly [string, readonly Fallback[]][]): Map<string, readonly Fallback[]> {
	return new Map(entries.toReversed());
}

/** `[{ a: [b, c] }, …]` */
function entriesOf(
	{ value, path }: Placed,
	isGroup: (name: string) => boolean,
	report: Report,
): [string, Fallback[]][] {
	if (!Array.isArray(value)) {
		report('error', path, 'These fallbacks are not a list such as `[{ a: [b, c] }]`, and were not imported.');
		return [];
	}
	return value.flatMap((entry: unknown, index): [string, Fallback[]][] => {
		const at = [...path, index];
		const map = asObject(entry);
		if (map === undefined) {
			report('error', at, 'This fallback is not a map such as `{ a: [b, c] }`, and was not imported.');
			return [];
		}
		return Object.entries(map).flatMap(([group, list]): [string, Fallback[]][] => {
			if (group !== everyGroup && !isGroup(group)) {
				const message = `The fallbacks of \`${shown(group)}\` were not imported: no deployment of that name was.`;
				report('error', [...at, group], message);
				return [];
			}
			return [[group, groupsIn(list, [...at, group], isGroup, report)]];
		});
	});
}

function groupsIn(value: unknown, path: SourcePath, isGroup: (name: string) => boolean, report: Report): Fallback[] {
	const list: readonly unknown[] = Array.isArray(value) ? value : [value];
	return list.flatMap((name, index) => {
		const at = Array.isArray(value) ? [...path, index] : path;
		if (typeof name === 'string' && isGroup(name)) return [{ group: name, path: at }];
		const what =
			typeof name === 'string' ? `no deployment of the name \`${shown(name)}\` was` : 'it is no name of a group';
		report('error', at, `This fallback was not imported: ${what}.`);
		return [];
	});
}

/** LiteLLM follows fallbacks of fallbacks so far (https://docs.litellm.ai/docs/proxy/reliability). */
const MOST_DEPTH = 5;

/** The groups that a request goes through after its own, each once, as LiteLLM would: what a fallback falls back to comes right after it. */
export function followed(group: string, { fallbacks }: Fallbacks): Fallback[] {
	const seen = new Set([group]);
	const follow = (name: string, depth: number): Fallback[] => {
		if (depth >= MOST_DEPTH) return [];
		const next = fallbacks.get(name) ?? fallbacks.get(everyGroup) ?? [];
		return next.flatMap((fallback) => {
			if (seen.has(fallback.group)) return [];
			seen.add(fallback.group);
			return [fallback, ...follow(fallback.group, depth + 1)];
		});
	};
	return follow(group, 0);
}

/** Those of one group for one kind of failure. */
export function fallbacksFor(
	group: string,
	list: 'context_window_fallbacks' | 'content_policy_fallbacks',
	all: Fallbacks,
): readonly Fallback[] {
	return all[list].get(group) ?? all[list].get(everyGroup) ?? [];
}
