import { existsSync, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Variables } from '../config/interpolate.ts';
import { readConfig } from '../config/load.ts';
import { ConfigError } from '../config/problems.ts';
import { readBounded } from '../values/bounded-file.ts';
import { asObject, parseJson } from '../values/json.ts';

/** A configuration of this or another gateway that is there already. Nothing in it is shown but names. */
export interface FoundConfiguration {
	kind: 'breakwater' | 'failproxy' | 'openclaw';
	path: string;
	/** What is in it, in a few words. */
	summary: string;
	/** What is the matter with it, as one sentence. */
	problem?: string;
}

const MOST_BYTES = 1_000_000;

/** Names that came from a file, fit for a terminal. */
const shown = (names: readonly string[]) => names.map((name) => name.replace(/[^ -~]/g, '?').slice(0, 60)).join(', ');

/** @param breakwaterFile where Breakwater's own is looked for */
export function findConfigurations(breakwaterFile: string, variables: Variables): FoundConfiguration[] {
	return [...ownAt(breakwaterFile, variables), ...failProxyIn('config'), ...openClaw()];
}

function ownAt(path: string, variables: Variables): FoundConfiguration[] {
	if (!existsSync(path)) return [];
	try {
		const { providers, profiles } = readConfig(path, variables).config;
		const summary = `providers ${shown(Object.keys(providers))}; profiles ${shown(Object.keys(profiles))}`;
		return [{ kind: 'breakwater', path, summary }];
	} catch (error) {
		if (!(error instanceof ConfigError)) throw error;
		const problem = `${path} cannot be used: ${error.problems.length} mistakes, the first in line ${error.problems[0]?.line}; \`breakwater check ${path}\` lists them.`;
		return [{ kind: 'breakwater', path, summary: 'not usable', problem }];
	}
}

/** FailProxy keeps each group of endpoints in a JSON file of its own, a list of `{ baseurl, model, … }`. */
function failProxyIn(folder: string): FoundConfiguration[] {
	const files = listed(folder).filter((name) => name.endsWith('.json'));
	const groups = files.filter((name) => isFailProxyGroup(jsonIn(join(folder, name))));
	if (groups.length === 0) return [];
	const broken = files.filter((name) => jsonIn(join(folder, name)) === undefined);
	return [
		{
			kind: 'failproxy',
			path: folder,
			summary: `groups ${shown(groups.map((name) => name.replace(/\.json$/, '')))}`,
			...(broken.length > 0 && { problem: `Not JSON, and passed over: ${shown(broken)}.` }),
		},
	];
}

function isFailProxyGroup(value: unknown): boolean {
	if (!Array.isArray(value) || value.length === 0) return false;
	return value.every((entry) => {
		const { baseurl, model } = asObject(entry) ?? {};
		return typeof baseurl === 'string' && typeof model === 'string';
	});
}

function openClaw(): FoundConfiguration[] {
	const path = join(homedir(), '.openclaw', 'openclaw.json');
	if (!existsSync(path)) return [];
	const shownPath = '~/.openclaw/openclaw.json';
	const whole = asObject(jsonIn(path));
	// Its format allows comments, which are no JSON; that it is there is all that counts.
	if (whole === undefined)
		return [{ kind: 'openclaw', path: shownPath, summary: 'not read: it is more than plain JSON' }];
	const providers = Object.keys(asObject(asObject(whole.models)?.providers) ?? {});
	const summary = providers.length === 0 ? 'no providers of its own' : `providers ${shown(providers)}`;
	return [{ kind: 'openclaw', path: shownPath, summary }];
}

function listed(folder: string): string[] {
	try {
		return readdirSync(folder).sort();
	} catch {
		return [];
	}
}

function jsonIn(path: string): unknown {
	try {
		return parseJson(readBounded(path, MOST_BYTES).toString());
	} catch {
		return undefined;
	}
}
