import type { KnownModels } from '../config/known-models.ts';
import { asObject, type JsonObject } from '../values/json.ts';
import type { DraftPolicy, DraftProfile, ImportDraft } from './draft.ts';
import { type Deployment, readDeployment } from './litellm-deployment.ts';
import { readFallbacks } from './litellm-fallbacks.ts';
import { groupsOf } from './litellm-groups.ts';
import { Profiles, timeoutsOf } from './litellm-profiles.ts';
import { draftLitellmProviders } from './litellm-providers.ts';
import { noEquivalent } from './litellm-request.ts';
import { type LitellmSettings, onErrorIn, readGeneralSettings, readLitellmSettings } from './litellm-settings.ts';
import { Members, type Report } from './litellm-values.ts';
import type { Notice } from './notice.ts';
import { breakerFor } from './policy-draft.ts';
import { readYamlSource } from './source-file.ts';

/** Reads the `config.yaml` of a LiteLLM proxy: each `model_name` is a profile, with its deployments and its fallbacks as chain. */
export function importLitellm(file: string, known: KnownModels): ImportDraft {
	const source = readYamlSource(file);
	if ('severity' in source) return emptyDraft([source]);
	const notices: Notice[] = [];
	const report: Report = (severity, path, message) => void notices.push(source.notice(severity, path, message));
	const root = asObject(source.value);
	const { model_list: list } = root ?? {};
	if (root === undefined || !Array.isArray(list)) {
		report('error', [], 'There is no `model_list` in this file; it is no configuration of a LiteLLM proxy.');
		return emptyDraft(notices);
	}
	const sections = sectionsOf(root, report);
	const credentials = credentialsIn(root.credential_list);
	const deployments = list.flatMap(
		(entry, index) => readDeployment(entry, ['model_list', index], { known, credentials, report }) ?? [],
	);
	const sameAs = new Map<Deployment, string>();
	const groups = groupsOf(deployments, sameAs, report);
	const settings = readLitellmSettings([sections.router_settings, sections.litellm_settings], report);
	const fallbacks = readFallbacks(settings, (name) => groups.has(name), report);
	const used = [...groups.values()].flatMap((group) => group.deployments);
	const providers = draftLitellmProviders(used, known, sameAs);
	const keys = new Map(providers.keys);
	const server = readGeneralSettings(sections.general_settings, keys, report);
	const profiles = new Profiles(groups, fallbacks, settings, providers, report);
	const drafted = [...groups.values()].map((group) => profiles.draft(group));
	if (drafted.length === 0) report('error', ['model_list'], 'There is no deployment in this file that can be used.');
	return {
		...emptyDraft(notices),
		...(drafted.length > 0 && { server }),
		providers: providers.providers,
		profiles: [...drafted, ...aliasesOf(settings, profiles)],
		policy: policyOf(settings, profiles.longestMs),
		keys: withGivenKeys(keys, asObject(root.environment_variables) ?? {}),
		variables: providers.variables,
	};
}

function emptyDraft(notices: readonly Notice[]): ImportDraft {
	return { from: 'LiteLLM', providers: [], profiles: [], keys: new Map(), notices };
}

const sectionNames = ['router_settings', 'litellm_settings', 'general_settings'] as const;
const readElsewhere: ReadonlySet<string> = new Set(['model_list', 'credential_list', 'environment_variables']);

function sectionsOf(root: JsonObject, report: Report): Readonly<Record<(typeof sectionNames)[number], Members>> {
	for (const name of Object.keys(root)) {
		const isSection = sectionNames.some((section) => section === name);
		if (name === 'include') report('error', [name], 'Files that are included are not read; import them one by one.');
		else if (!isSection && !readElsewhere.has(name)) report('warning', [name], noEquivalent(name));
	}
	const section = (name: string) => new Members(asObject(root[name]) ?? {}, [name]);
	const [router, litellm, general] = sectionNames.map(section) as [Members, Members, Members];
	return { router_settings: router, litellm_settings: litellm, general_settings: general };
}

function credentialsIn(list: unknown): Map<string, JsonObject> {
	const entries: readonly unknown[] = Array.isArray(list) ? list : [];
	return new Map(
		entries.flatMap((entry): [string, JsonObject][] => {
			const { credential_name: name, credential_values: values } = asObject(entry) ?? {};
			const members = asObject(values);
			return typeof name === 'string' && members !== undefined ? [[name, members]] : [];
		}),
	);
}

/** A file may set its variables itself. */
function withGivenKeys(keys: ReadonlyMap<string, string>, given: JsonObject): Map<string, string> {
	const filled = [...keys].map(([name, key]): [string, string] => {
		const value = given[name];
		return [name, key === '' && typeof value === 'string' ? value.trim() : key];
	});
	return new Map(filled);
}

function policyOf(settings: LitellmSettings, longestMs: number): DraftPolicy {
	const { timeoutMs, firstTokenMs, failureThreshold, cooldownMs } = settings;
	const breaker = {
		...(longestMs > 0 || cooldownMs !== undefined ? breakerFor(longestMs, cooldownMs) : {}),
		...(failureThreshold !== undefined && { failureThreshold }),
	};
	return {
		...timeoutsOf(timeoutMs, firstTokenMs),
		...(Object.keys(breaker).length > 0 && { breaker }),
		onError: onErrorIn(settings),
	};
}

/** `{ alias: group }`, or `{ alias: { model: group, hidden: true } }`. */
function aliasesOf({ aliases }: LitellmSettings, profiles: Profiles): DraftProfile[] {
	return aliases.flatMap(({ value, path }) =>
		Object.entries(asObject(value) ?? {}).flatMap(
			([alias, written]) => profiles.alias(alias, asObject(written)?.model ?? written, [...path, alias]) ?? [],
		),
	);
}
