import { mostTargets } from '../config/chain-schema.ts';
import { plainName } from '../config/known-models.ts';
import type { Deployment } from './litellm-deployment.ts';
import type { Report } from './litellm-values.ts';
import { shown } from './notice.ts';

/** Deployments of one `model_name`, in the order in which they are asked. */
export interface Group {
	name: string;
	deployments: readonly Deployment[];
	isForEmbeddings: boolean;
}

/** @param sameAs takes what model a deployment is where vectors have to be of one */
export function groupsOf(
	deployments: readonly Deployment[],
	sameAs: Map<Deployment, string>,
	report: Report,
): Map<string, Group> {
	const groups = new Map<string, Group>();
	for (const [name, members] of Map.groupBy(deployments, ({ group }) => group)) {
		const [first, second] = members;
		if (first === undefined) continue;
		const { isForEmbeddings } = first;
		const alike = members.filter((member) => isOfKind(member, first, sameAs, report));
		if (second !== undefined) {
			const message = `LiteLLM spreads requests over the deployments of \`${shown(name)}\`; here the next is asked when the one before fails, or is at its limit.`;
			report('warning', second.path, message);
		}
		const ordered = alike.toSorted((a, b) => a.order - b.order).slice(0, mostTargets);
		groups.set(name, { name, deployments: ordered, isForEmbeddings });
	}
	return groups;
}

/** Vectors of two models cannot stand in for each other. Names of Azure's deployments say nothing of the model. */
function isOfKind(member: Deployment, first: Deployment, sameAs: Map<Deployment, string>, report: Report): boolean {
	const leaveOut = (reason: string): boolean => {
		report('error', member.path, `This deployment was left out: ${reason}.`);
		return false;
	};
	if (member.isForEmbeddings !== first.isForEmbeddings)
		return leaveOut('it makes embeddings, and others of its name answer, or the other way round');
	if (!first.isForEmbeddings) return true;
	const model = realName(first);
	const isNameless = [member, first].some(({ account, baseModel }) => account.protocol === 'azure' && !baseModel);
	if (realName(member) !== model && !isNameless)
		return leaveOut(
			'it is another model than the first of its name, and vectors of two models cannot stand in for each other',
		);
	if (realName(member) !== model) {
		const message = `\`${shown(member.model)}\` is taken for the same model as \`${shown(first.model)}\`, since LiteLLM has them under one name; take it out of the chain if it is another.`;
		report('warning', member.path, message);
	}
	sameAs.set(member, first.model);
	return true;
}

function realName({ baseModel, model }: Deployment): string {
	return plainName(baseModel ?? model);
}
