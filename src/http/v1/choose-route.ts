import type { RoutingWish } from '../../contract/dialect.ts';
import { modelsRoute } from '../../contract/models-route.ts';
import { Refusal } from '../../contract/refusal.ts';
import { clip } from '../../values/clip.ts';
import { recognizeMessage } from './heuristics.ts';
import { type HintHeaders, type Hints, lookUpHints } from './hints.ts';

/** What can be asked for by name. */
export interface Directory {
	profiles: ReadonlySet<string>;
	targets: ReadonlySet<string>;
	/** Targets by the name of their model, where only one provider has that model. */
	targetOfModel: ReadonlyMap<string, string>;
	defaultProfile: string;
	/** Names of models, each with the profile or the target that it stands for. */
	aliases?: ReadonlyMap<string, string> | undefined;
	/** Profiles that want to know which conversation a request belongs to. */
	affine?: ReadonlySet<string> | undefined;
	/** Routes by a model's name alone, where that is to choose one. */
	routeOfModel?: ReadonlyMap<string, string> | undefined;
	/** What becomes of a `model` that is neither a profile nor a target. */
	unknownModel: 'default' | 'reject';
	/** Absent where hints are not looked at. */
	hints?: Hints | undefined;
	/** Profiles by what the last message looks like; absent where it is not looked at. */
	heuristics?: ReadonlyMap<string, string> | undefined;
}

/** Where a request goes, and why. */
export interface RouteChoice {
	/** The name of a profile or target of the directory; `models` where the caller names a chain. */
	route: string;
	/** The caller's chain, of configured targets. */
	targets?: readonly string[];
	/** For the caller: `header`, `model`, `hint task-type=code`. */
	reason: string;
	/** The `model` that was asked for, which is neither a profile nor a target, so that the default profile serves. */
	unknownModel?: string;
}

/** What the headers of a request say of its route. */
export interface RouteHeaders extends HintHeaders {
	/** `X-Failover-Profile`. */
	profile?: string | undefined;
}

/**
 * Which profile or target a request goes to: the header, else `failover.profile`, else the chain in `models`, else a
 * `model` that names one, else a hint, else what its last message looks like, else the default profile.
 * @throws Refusal when a profile is named that does not exist, when none of `models` is known, or when an unknown model
 *   is to be rejected and no hint helps
 */
export function chooseRoute(request: RoutingWish, headers: RouteHeaders, directory: Directory): RouteChoice {
	const { profile } = headers;
	if (profile !== undefined && profile !== '') {
		return { route: profileNamed(profile, 'X-Failover-Profile', directory), reason: 'header' };
	}
	if (request.profile !== undefined) {
		return { route: profileNamed(request.profile, 'failover.profile', directory), reason: 'failover.profile' };
	}
	if (request.models !== undefined) {
		const targets = chainOf(request.model, request.models, directory);
		return { route: modelsRoute, targets, reason: 'models' };
	}
	const { model } = request;
	const isModelGiven = model !== undefined && model !== '';
	if (isModelGiven && isName(model, directory)) return { route: model, reason: 'model' };
	const meant = isModelGiven ? directory.aliases?.get(model) : undefined;
	if (meant !== undefined) return { route: meant, reason: `alias ${model}` };
	const ofModel = isModelGiven ? directory.routeOfModel?.get(model) : undefined;
	if (ofModel !== undefined) return { route: ofModel, reason: 'model' };

	const { hints, heuristics, unknownModel, defaultProfile } = directory;
	const hinted = hints === undefined ? undefined : lookUpHints(hints, headers, request.hints);
	if (hinted?.profile !== undefined) return { route: hinted.profile, reason: hinted.reason };
	if (isModelGiven && unknownModel === 'reject') throw unknownModelRefusal(model);
	const found = heuristics === undefined ? undefined : recognizeMessage(request.lastUserMessage(), heuristics);
	const guessed = found === undefined ? undefined : heuristics?.get(found.kind);
	if (found !== undefined && guessed !== undefined) {
		return { route: guessed, reason: `heuristic ${found.kind}: ${found.because}` };
	}
	const unknown = isModelGiven ? `unknown model ${clip(model)}` : undefined;
	const reason = ['default', hinted?.reason, unknown].filter((part) => part !== undefined).join('; ');
	return { route: defaultProfile, reason, ...(isModelGiven && { unknownModel: model }) };
}

function isName(name: string, { profiles, targets }: Directory): boolean {
	return profiles.has(name) || targets.has(name);
}

/**
 * The targets that a caller's list names, each once, in its order. A `model` that is one goes first, as OpenRouter does it;
 * entries that are not known are passed over.
 */
function chainOf(model: string | undefined, models: readonly string[], directory: Directory): string[] {
	const { targets, targetOfModel, aliases } = directory;
	const targetOf = (name: string) => {
		const meant = aliases?.get(name) ?? name;
		return targets.has(meant) ? meant : targetOfModel.get(meant);
	};
	const known = [model ?? '', ...models].flatMap((name) => targetOf(name) ?? []);
	const ofList = models.some((name) => targetOf(name) !== undefined);
	if (ofList) return [...new Set(known)];
	const named = models
		.slice(0, 5)
		.map((name) => `'${clip(name)}'`)
		.join(', ');
	const more = models.length > 5 ? `, and ${models.length - 5} more` : '';
	throw new Refusal(
		'invalid_request',
		`None of 'models' (${named}${more}) is a configured target, or the model of just one; GET /v1/models lists them.`,
		'models',
	);
}

function unknownModelRefusal(model: string): Refusal {
	const message = `The model '${clip(model)}' is neither a profile nor a configured target; GET /v1/models lists them.`;
	return new Refusal('model_not_found', message, 'model');
}

function profileNamed(name: string, param: string, { profiles }: Directory): string {
	if (profiles.has(name)) return name;
	const known = [...profiles].slice(0, 20).join(', ');
	throw new Refusal('unknown_profile', `There is no profile '${clip(name)}'; the profiles are ${known}.`, param);
}
