import { answerProperties, countedProperty } from './answers.ts';
import { factsProperty } from './facts.ts';
import { grantProperties } from './grants.ts';
import { permitsProperty } from './permits.ts';
import { recoveryProperties } from './recovery.ts';
import { happeningWords, type Property } from './seen.ts';
import { shownProperty } from './shown.ts';
import { tripProperties } from './trips.ts';

/** What is looked for at every event. */
export const stepProperties: readonly Property[] = [
	...grantProperties,
	...tripProperties,
	...recoveryProperties,
	...answerProperties,
];

/** What none of the others has a name for. It is asked only when they are content, as `toldProperties` are. */
export const remainingProperty: Property = {
	id: 'changes-for-a-reason',
	statement: 'it changes its state only as the other properties say',
	check: ({ event, expected, stateBefore, state }) => {
		if (state === expected.ghost.state) return undefined;
		return state === stateBefore
			? `${happeningWords(event)} left it ${state}; it had to become ${expected.ghost.state}`
			: `${happeningWords(event)} moved it from ${stateBefore} to ${state}; it had to be ${expected.ghost.state}`;
	},
};

/** What changes nothing that happens next: it is asked last, and the exploration goes on behind it. */
export const toldProperties: readonly Property[] = [shownProperty, permitsProperty, factsProperty, countedProperty];

/** Properties of the whole exploration, and of a machine that throws. */
export const otherProperties = {
	closedCanBeReached: { id: 'closed-can-be-reached', statement: 'closed can be reached again from every state' },
	neverThrows: { id: 'never-throws', statement: 'the machine never throws, whatever it is sent' },
} as const;
