import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { mostTargets } from '../config/chain-schema.ts';
import type { KnownModels } from '../config/known-models.ts';
import { defaultPolicy } from '../config/policy-schema.ts';
import { isUsableName } from '../config/provider-schema.ts';
import { UserError } from '../values/user-error.ts';
import type { DraftCandidate, DraftProfile, ImportDraft } from './draft.ts';
import { type FailProxyEndpoint, readEndpoint } from './failproxy-endpoint.ts';
import { slug, unique } from './names.ts';
import { type Notice, shown } from './notice.ts';
import { deadlineFor, timeoutPolicy } from './policy-draft.ts';
import { draftProviders, type ProviderDrafts } from './provider-drafts.ts';
import { readJsonSource } from './source-file.ts';

interface Group {
	/** Of the file, without `.json`: what clients write as `model`. */
	name: string;
	file: string;
	endpoints: readonly FailProxyEndpoint[];
}

/**
 * Reads a folder of FailProxy's: each JSON file in it is a group of endpoints, in the order in which they are tried.
 * @throws UserError when there is no such folder, or no JSON in it
 */
export function importFailProxy(folder: string, known: KnownModels): ImportDraft {
	const notices: Notice[] = [];
	const groups = jsonFilesIn(folder).flatMap((name) => readGroup(join(folder, name), name, known, notices));
	const drafts = draftProviders(
		groups.flatMap(({ endpoints }) => endpoints),
		known,
	);
	const names = profileNames(groups, notices);
	return {
		from: 'FailProxy',
		providers: drafts.providers,
		profiles: groups.map((group) => profileOf(group, names.get(group.name) ?? group.name, drafts)),
		// FailProxy goes on to the next endpoint after a rejected key, too.
		policy: { onError: { AUTH_ERROR: { then: 'next' } } },
		keys: drafts.keys,
		notices,
	};
}

function jsonFilesIn(folder: string): string[] {
	const names = listed(folder)
		.filter((name) => /\.json$/i.test(name) && !name.startsWith('.'))
		.sort();
	if (names.length > 0) return names;
	const inner = join(folder, 'config');
	const hint = hasJson(inner) ? `; did you mean ${inner}?` : "; name the folder with FailProxy's groups, its config.";
	throw new UserError(`There is no JSON file in ${folder}${hint}`);
}

function listed(folder: string): string[] {
	try {
		return readdirSync(folder);
	} catch (error) {
		const { code = 'unknown' } = error as NodeJS.ErrnoException;
		if (code === 'ENOENT') throw new UserError(`There is no folder ${folder}; name the one with FailProxy's groups.`);
		if (code === 'ENOTDIR') throw new UserError(`${folder} is a file; name the folder that it is in.`);
		throw new UserError(`The folder ${folder} cannot be read (${code}); give the user of this process the right to.`);
	}
}

function hasJson(folder: string): boolean {
	try {
		return readdirSync(folder).some((name) => name.endsWith('.json'));
	} catch {
		return false;
	}
}

function readGroup(file: string, fileName: string, known: KnownModels, notices: Notice[]): Group[] {
	const source = readJsonSource(file);
	if ('severity' in source) {
		notices.push({ ...source, message: `This group was not imported. ${source.message}` });
		return [];
	}
	const leaveOut = (reason: string): Group[] => {
		notices.push(source.notice('error', [], `This group was not imported: ${reason}.`));
		return [];
	};
	const { value } = source;
	if (!Array.isArray(value)) return leaveOut('it is not a list of endpoints, `[ { "baseurl": …, "model": … } ]`');
	if (value.length === 0) return leaveOut('it is an empty list');
	if (value.length > mostTargets) return leaveOut(`it has more than ${mostTargets} endpoints`);
	const endpoints = value.flatMap((entry, index) => readEndpoint(entry, [index], source, known, notices) ?? []);
	if (endpoints.length === 0) return leaveOut('none of its endpoints can be used');
	return [{ name: fileName.replace(/\.json$/i, ''), file, endpoints }];
}

/** Names that a profile may have are kept, so that `"model": "think-stream"` goes on working; the others get one. */
function profileNames(groups: readonly Group[], notices: Notice[]): Map<string, string> {
	const taken = new Set(groups.map(({ name }) => name).filter(isUsableName));
	return new Map(
		groups.map(({ name, file }) => {
			if (isUsableName(name)) return [name, name];
			const usable = unique(slug(name) || 'group', taken);
			const message = `A profile cannot have the name of this group; it became \`${usable}\`, which is what clients must write as \`model\`.`;
			notices.push({ severity: 'warning', file, line: 1, column: 1, message });
			return [name, usable];
		}),
	);
}

function profileOf({ name, endpoints }: Group, profile: string, drafts: ProviderDrafts): DraftProfile {
	const timeouts = deadlineFor(sumOfTimeouts(endpoints));
	return {
		name: profile,
		comment: `${shown(name)}.json`,
		chain: endpoints.map((endpoint) => candidateOf(endpoint, drafts)),
		...(timeouts.request !== undefined && { policy: { timeouts } }),
	};
}

function candidateOf(endpoint: FailProxyEndpoint, drafts: ProviderDrafts): DraftCandidate {
	const { model, label, request, timeoutMs } = endpoint;
	const headers = drafts.ownHeadersOf(endpoint);
	return {
		target: `${drafts.nameOf(endpoint)}/${model}`,
		...(label !== '' && { comment: label }),
		...(request !== undefined && { request }),
		...(headers !== undefined && { headers }),
		...(timeoutMs !== undefined && { policy: timeoutPolicy(timeoutMs) }),
	};
}

/** A request may take as long as FailProxy would have taken for it. */
function sumOfTimeouts(endpoints: readonly FailProxyEndpoint[]): number {
	return endpoints.reduce((sum, { timeoutMs = defaultPolicy.timeouts.response }) => sum + timeoutMs, 0);
}
