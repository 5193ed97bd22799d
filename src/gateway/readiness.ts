import { createActor, fromCallback, type SnapshotFrom, transition } from 'xstate';
import type { RequestRef } from '../../machines/events.ts';
import { providerMachine } from '../../machines/provider/machine.ts';
import type { CandidatePlan, Route } from './routes.ts';

type ProviderSnapshot = SnapshotFrom<typeof providerMachine>;

/** Takes the place of the request that asks. Nothing is sent to it, as no action of the machine is carried out here. */
const nobody = createActor(fromCallback(() => {})) as unknown as RequestRef;

/**
 * Whether a request on a route would get a permit now, and not only ahead of its time (`whenAllDenied`). It asks the provider machine itself, without telling it.
 * @param snapshotOf the present state of a provider actor, by its id
 * @param now ms since the epoch
 * @returns a function for this moment: what one route has found out, others need not ask again
 */
export function readinessAt(
	snapshotOf: (id: string) => ProviderSnapshot,
	now: number,
): (route: Pick<Route, 'candidates'>) => boolean {
	const known = new Map<string, boolean>();
	const asked = (id: string, model: string) => {
		const question = `${id} ${model}`;
		const answer = known.get(question) ?? wouldGrant(snapshotOf(id), model, now);
		known.set(question, answer);
		return answer;
	};
	const grants = ({ credential, gate, model }: CandidatePlan) =>
		asked(credential, model) && (gate === credential || asked(gate, model));
	return ({ candidates }) => candidates.some(grants);
}

/**
 * Whether a provider actor would grant a permit for a model at this moment, as its machine answers without changing its
 * state. A model's actor that grants has its key asked. One that has its limit of attempts in flight is well, and busy: were
 * that told as not ready, the load of one replica would fall on the next.
 */
export function wouldGrant(snapshot: ProviderSnapshot, model: string, now: number): boolean {
	const event = { type: 'permit.requested', id: '', model, now, early: false, tokens: 0, replyTo: nobody } as const;
	const [, actions] = transition(providerMachine, snapshot, event);
	return actions.some(
		({ type, params }) =>
			type === 'xstate.sendTo' &&
			(params.event.type === 'permit.granted' ||
				params.event.type === 'permit.requested' ||
				('reason' in params.event && (params.event.reason === 'limit' || params.event.reason === 'ramp'))),
	);
}
