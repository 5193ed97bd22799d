import type { ChatRequest } from './chat-request.ts';
import { Refusal } from './errors.ts';
import { clip } from './json.ts';

/** What can be asked for by name. */
export interface Directory {
	profiles: ReadonlySet<string>;
	targets: ReadonlySet<string>;
	defaultProfile: string;
	/** What becomes of a `model` that is neither a profile nor a target. */
	unknownModel: 'default' | 'reject';
}

/**
 * Which profile or target a request goes to: the header, else `failover.profile`, else a `model` that names one,
 * else the default profile.
 * @param header the value of `X-Failover-Profile`
 * @returns the name of a profile or target of the directory
 * @throws Refusal when a profile is named that does not exist, or an unknown model is to be rejected
 */
export function chooseRoute(request: ChatRequest, header: string | undefined, directory: Directory): string {
	if (header !== undefined && header !== '') return profileNamed(header, 'X-Failover-Profile', directory);
	if (request.profile !== undefined) return profileNamed(request.profile, 'failover.profile', directory);
	const { model } = request;
	if (model === undefined || model === '') return directory.defaultProfile;
	if (directory.profiles.has(model) || directory.targets.has(model)) return model;
	if (directory.unknownModel === 'default') return directory.defaultProfile;
	throw new Refusal(
		'model_not_found',
		`The model '${clip(model)}' is neither a profile nor a configured target; GET /v1/models lists them.`,
		'model',
	);
}

function profileNamed(name: string, param: string, { profiles }: Directory): string {
	if (profiles.has(name)) return name;
	const known = [...profiles].slice(0, 20).join(', ');
	throw new Refusal('unknown_profile', `There is no profile '${clip(name)}'; the profiles are ${known}.`, param);
}
