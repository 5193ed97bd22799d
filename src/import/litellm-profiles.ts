import { mostTargets } from '../config/chain-schema.ts';
import { defaultPolicy } from '../config/policy-schema.ts';
import { isUsableName } from '../config/provider-schema.ts';
import type { DraftCandidate, DraftPolicy, DraftProfile } from './draft.ts';
import type { Deployment } from './litellm-deployment.ts';
import { type Fallback, type Fallbacks, fallbacksFor, followed } from './litellm-fallbacks.ts';
import type { Group } from './litellm-groups.ts';
import type { LitellmProviders } from './litellm-providers.ts';
import type { LitellmSettings } from './litellm-settings.ts';
import type { Report } from './litellm-values.ts';
import { slug, unique } from './names.ts';
import { shown } from './notice.ts';
import { onErrorOf } from './openrouter-settings.ts';
import { deadlineFor, timeoutPolicy } from './policy-draft.ts';
import type { SourcePath } from './source-file.ts';

/** Makes profiles of groups, each under a name that it may have. */
export class Profiles {
	/** Of the chain where the times of its targets are the longest together, ms; 0 where nothing says a time. */
	longestMs = 0;
	readonly #taken: Set<string>;
	/** By the name of the group. */
	readonly #drafted = new Map<string, DraftProfile>();
	readonly #groups: ReadonlyMap<string, Group>;
	readonly #fallbacks: Fallbacks;
	readonly #settings: LitellmSettings;
	readonly #providers: LitellmProviders;
	readonly #report: Report;

	constructor(
		groups: ReadonlyMap<string, Group>,
		fallbacks: Fallbacks,
		settings: LitellmSettings,
		providers: LitellmProviders,
		report: Report,
	) {
		this.#groups = groups;
		this.#fallbacks = fallbacks;
		this.#settings = settings;
		this.#providers = providers;
		this.#report = report;
		this.#taken = new Set([...groups.keys()].filter(isUsableName));
	}

	/** @param path of what it comes from. @returns the name that its profile has */
	#nameFor(name: string, path: SourcePath): string {
		if (isUsableName(name)) return name;
		const usable = unique(slug(name) || 'group', this.#taken);
		const message = `A profile cannot have the name of this group; it became \`${usable}\`, which is what clients must write as \`model\`.`;
		this.#report('warning', path, message);
		return usable;
	}

	draft(group: Group): DraftProfile {
		const { name, deployments, isForEmbeddings } = group;
		const general = followed(name, this.#fallbacks);
		const forContext = fallbacksFor(name, 'context_window_fallbacks', this.#fallbacks);
		const forContent = fallbacksFor(name, 'content_policy_fallbacks', this.#fallbacks);
		const chain = new Map(deployments.map((deployment) => [this.#providers.targetOf(deployment), deployment]));
		this.#append(chain, general, group);
		for (const special of [forContext, forContent]) this.#appendSpecial(chain, special, group);
		const onError = {
			...this.#settings.groupRetryPolicies.get(name),
			...(forContext.length > 0 && { 'BAD_REQUEST.context_length': { then: ['larger-context', 'next'] } }),
			...(forContent.length > 0 && { 'BAD_REQUEST.content_policy': { then: 'next' } }),
		};
		const timeouts = this.#deadlineOf([...chain.values()]);
		const policy = {
			...(Object.keys(timeouts).length > 0 && { timeouts }),
			...(Object.keys(onError).length > 0 && { onError }),
		};
		const profile: DraftProfile = {
			name: this.#nameFor(name, [...(deployments[0]?.path ?? []), 'model_name']),
			comment: `model_name: ${shown(name)}`,
			...(isForEmbeddings && { for: 'embeddings' }),
			...(this.#sendsWithout(group) && { whenNotCarried: 'send-without' }),
			chain: [...chain].slice(0, mostTargets).map(([target, deployment]) => candidateOf(target, deployment)),
			...(Object.keys(policy).length > 0 && { policy }),
		};
		this.#drafted.set(name, profile);
		return profile;
	}

	/**
	 * The same profile under another name.
	 * @returns undefined where there is none, or the name is not free
	 */
	alias(alias: string, group: unknown, path: SourcePath): DraftProfile | undefined {
		const profile = typeof group === 'string' ? this.#drafted.get(group) : undefined;
		if (profile === undefined || this.#taken.has(alias)) {
			const reason = profile === undefined ? 'no deployment of the name that it stands for was' : 'its name is taken';
			this.#report('error', path, `This alias was not imported: ${reason}.`);
			return undefined;
		}
		this.#taken.add(alias);
		return { ...profile, name: this.#nameFor(alias, path), comment: `model_group_alias: ${shown(alias)}` };
	}

	/** @returns whether any target is new */
	#append(chain: Map<string, Deployment>, fallbacks: readonly Fallback[], { name, isForEmbeddings }: Group): boolean {
		const before = chain.size;
		for (const { group, path } of fallbacks) {
			const other = this.#groups.get(group);
			if (other === undefined || group === name) continue;
			if (isForEmbeddings || other.isForEmbeddings) {
				const message = `\`${shown(name)}\` has no fallback to \`${shown(group)}\`: vectors of another model, or answers, cannot stand in for what it makes.`;
				this.#report('error', path, message);
				continue;
			}
			for (const deployment of other.deployments) {
				const target = this.#providers.targetOf(deployment);
				if (!chain.has(target)) chain.set(target, deployment);
			}
		}
		return chain.size > before;
	}

	/** Failures of every kind go down one chain. */
	#appendSpecial(chain: Map<string, Deployment>, fallbacks: readonly Fallback[], group: Group): void {
		const [first] = fallbacks;
		if (first === undefined || !this.#append(chain, fallbacks, group)) return;
		const message = `These stand at the end of the chain of \`${shown(group.name)}\`, where other failures may lead to them, too.`;
		this.#report('warning', first.path, message);
	}

	/** A profile has one word for all of its targets. */
	#sendsWithout({ name, deployments, isForEmbeddings }: Group): boolean {
		const isDropping = ({ sendsWithout = this.#settings.sendsWithout ?? false }: Deployment) => sendsWithout;
		const first = deployments.find(isDropping);
		if (first === undefined || isForEmbeddings) return false;
		const message = `\`drop_params\` of this deployment became \`whenNotCarried: send-without\`, which holds for every target of \`${shown(name)}\`.`;
		if (!deployments.every(isDropping)) this.#report('warning', first.path, message);
		return true;
	}

	/** A request may take as long as the targets of its chain together, where the file says how long one may. */
	#deadlineOf(chain: readonly Deployment[]): { request?: string } {
		const isTold = this.#settings.timeoutMs !== undefined || chain.some(({ timeoutMs }) => timeoutMs !== undefined);
		if (!isTold) return {};
		const { timeoutMs: usual = defaultPolicy.timeouts.response } = this.#settings;
		const times = chain.map(({ timeoutMs = usual }) => timeoutMs);
		this.longestMs = Math.max(this.longestMs, ...times);
		return deadlineFor(times.reduce((sum, ms) => sum + ms, 0));
	}
}

function candidateOf(target: string, { request, retries, timeoutMs, firstTokenMs }: Deployment): DraftCandidate {
	const timeouts = timeoutsOf(timeoutMs, firstTokenMs);
	const policy = { ...timeouts, ...(retries !== undefined && { onError: onErrorOf(retries) }) };
	return {
		target,
		...(request !== undefined && { request }),
		...(Object.keys(policy).length > 0 && { policy }),
	};
}

/** What an attempt may take, as policies have it. */
export function timeoutsOf(timeoutMs: number | undefined, firstTokenMs = timeoutMs): DraftPolicy {
	const whole = timeoutMs === undefined ? {} : timeoutPolicy(timeoutMs).timeouts;
	const first = firstTokenMs === undefined ? {} : { firstToken: timeoutPolicy(firstTokenMs).timeouts.firstToken };
	const timeouts = { ...whole, ...first };
	return Object.keys(timeouts).length > 0 ? { timeouts } : {};
}
